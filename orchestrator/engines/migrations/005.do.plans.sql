-- The compiled plan that a job runs from: its steps' ids are what Flink finds their state by. Text, so that
-- no digit of a literal changes. NULL: the job was submitted as plain statements.
ALTER TABLE jobs ADD COLUMN plan text;

-- Whether the restore above may leave state behind that no step of the plan takes: decided with the plan.
ALTER TABLE jobs ADD COLUMN leaves_state boolean NOT NULL DEFAULT false;
