SELECT view_version, count(*) FROM view GROUP BY 1 ORDER BY 1
