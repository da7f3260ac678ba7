-- The queue: jobs are written by the verb that causes them, leased by any number of workers.

-- part queue_job: adds follow-up work in the caller's transaction; a job already queued stays as
-- it is.
create or replace function queue_job(
    kind text, subject uuid, account uuid, run_at timestamptz, at timestamptz
) returns void
language plpgsql as $$
#variable_conflict error
begin
    insert into jobs_job (
        id, account_id, kind, subject_id, state, run_at, tries, tries_max, last_error, created_at
    ) values (
        everline_uuid7(queue_job.at), queue_job.account, queue_job.kind, queue_job.subject,
        'ready', queue_job.run_at, 0, 12, '', queue_job.at
    ) on conflict on constraint job_is_queued_once do nothing;
end $$;

-- verb lease_jobs: takes due jobs for `seconds`; a job whose lease ran out is taken again.
-- Caller: jobs/worker.py. Locks: the jobs, passing over those that others hold.
create or replace function lease_jobs(
    kinds text[], most integer, seconds integer, lease uuid, at timestamptz
) returns setof jobs_job
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    return query
    with due as (
        select j.id from jobs_job j
        where j.state = 'ready' and j.run_at <= lease_jobs.at and j.kind = any(lease_jobs.kinds)
        order by j.run_at, j.id limit least(lease_jobs.most, 1000)
        for update skip locked
    )
    update jobs_job j
    set lease = lease_jobs.lease, tries = j.tries + 1,
        leased_until = lease_jobs.at + make_interval(secs => lease_jobs.seconds),
        run_at = lease_jobs.at + make_interval(secs => lease_jobs.seconds)
    from due d where j.id = d.id
    returning j.*;
end $$;

-- verb finish_job: deletes a done job, if this lease still holds it; false when another took it
-- over.
-- Caller: jobs/worker.py. Locks: the job.
create or replace function finish_job(job uuid, lease uuid) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    delete from jobs_job j where j.id = finish_job.job and j.lease = finish_job.lease;
    return found;
end $$;

-- verb fail_job: puts a job back for `retry_seconds` doubled by each try, or lets it die, visibly.
-- Caller: jobs/worker.py. Locks: the job. Bounded: at most a day between tries, `tries_max` tries.
create or replace function fail_job(
    job uuid, lease uuid, failure text, retry_seconds integer, at timestamptz
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    reached text;
begin
    update jobs_job j
    set state = case when j.tries >= j.tries_max then 'dead' else 'ready' end,
        run_at = fail_job.at + make_interval(secs => least(
            86400, fail_job.retry_seconds * power(2, least(j.tries, 16) - 1)
        )),
        lease = null, leased_until = null, last_error = left(fail_job.failure, 500)
    where j.id = fail_job.job and j.lease = fail_job.lease
    returning j.state into reached;
    return reached;
end $$;

-- verb put_off_job: puts a job back until an instant that its work asked for, as if it had not been
-- tried; false when another took it over.
-- Caller: jobs/worker.py. Locks: the job.
create or replace function put_off_job(job uuid, lease uuid, until timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    update jobs_job j
    set run_at = put_off_job.until, tries = 0, lease = null, leased_until = null
    where j.id = put_off_job.job and j.lease = put_off_job.lease;
    return found;
end $$;

-- verb revive_job: gives a dead job a new set of tries, on a person's word.
-- Caller: the command line and the back office. Locks: the job.
create or replace function revive_job(job uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    update jobs_job j set state = 'ready', tries = 0, run_at = revive_job.at
    where j.id = revive_job.job and j.state = 'dead';
    return found;
end $$;
