SELECT view_id, app_id, session.id, view.name, cls
FROM (SELECT * FROM view WHERE view_name LIKE '%cart%' AND cls > 0.1) AS view
ORDER BY view_id
