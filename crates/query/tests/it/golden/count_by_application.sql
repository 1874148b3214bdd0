SELECT app_id, count(*) FROM view GROUP BY app_id ORDER BY app_id
