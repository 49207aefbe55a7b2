-- name: delete_expired :exec
-- title: Delete uploads that have expired
-- Deletes uploads whose time is over, with their bytes.

delete from sqlwright.upload as upload
where upload.expires_at <= clock_timestamp();
