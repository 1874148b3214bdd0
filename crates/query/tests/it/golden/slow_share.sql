WITH known AS (SELECT lcp FROM view WHERE lcp IS NOT NULL)
SELECT count(*), count(*) FILTER (WHERE lcp > 2500000000) FROM known
