SELECT attributes->>'context.plan' AS plan, count(*), sum(attr_number(attributes, 'context.amount'))
FROM view
GROUP BY attributes->>'context.plan'
ORDER BY plan NULLS LAST
