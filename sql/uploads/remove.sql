-- name: remove :exec
-- title: Delete an upload
-- Deletes an upload with its bytes.
--
-- @param handle   Key of the upload

delete from sqlwright.upload as upload
where upload.handle = :handle::text;
