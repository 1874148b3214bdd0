-- Days by class of data, as a JSON object; a class that is not in it is kept as long as events, whose days stay in retention_days too.
ALTER TABLE application ADD COLUMN retention TEXT NOT NULL DEFAULT '{}';
