SELECT error.message, count(*) AS n
FROM error
WHERE error_message LIKE '%property 2%' OR error_message ILIKE '%PROPERTY 3%'
GROUP BY error.message
ORDER BY error.message
