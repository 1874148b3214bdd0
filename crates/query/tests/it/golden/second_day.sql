SELECT count(*) FROM view WHERE time >= '2023-11-16' AND time < '2023-11-17T00:00:00Z'
