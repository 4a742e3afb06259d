-- The steps of a row of `run_steps` may be compressed: then the text is a JSON string, which stands for
-- the values that it holds (base64 of an LZ4 block behind its size in 32 bits, little-endian). Rows that
-- are there stay as they are. This changes no table; its number keeps older programs away, which could not
-- read such rows.
SELECT 1;
