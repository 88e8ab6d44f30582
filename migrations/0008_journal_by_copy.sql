-- A lane writes the journal by COPY, which logs a page of lines at once (43 bytes less for each
-- line) unless a default is volatile, as clock_timestamp() is. The time of the statement that wrote
-- a line is as late as the locks under which it was decided.
alter table movement alter column at set default statement_timestamp();
