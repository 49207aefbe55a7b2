-- name: write_parts :copy
-- title: Write bytes of an upload
-- Takes the bytes of an upload, one mebibyte a row, in the binary format of COPY: no byte is written as text.
--
-- @column handle     Key of the upload
-- @column position   From 0
-- @column bytes      One mebibyte, the last one less

copy sqlwright.upload_part (handle, position, bytes) from stdin (format binary);
