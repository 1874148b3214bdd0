SELECT app_id, session_id, session_view_count, session_error_count
FROM session
WHERE session_error_count > 1
ORDER BY app_id, session_id
