SELECT view.name, count(lcp), min(lcp), max(lcp), sum(lcp) FROM view GROUP BY view.name ORDER BY view.name
