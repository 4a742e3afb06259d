-- How many entries speak of each of the page's runs.
SELECT page.run_id, (SELECT count(*) FROM entries e WHERE e.tenant = $1 AND e.run_id = page.run_id) AS entries
FROM page
