SELECT view_id, time, largest_contentful_paint FROM view WHERE app_id = 'shop' ORDER BY time DESC LIMIT 5
