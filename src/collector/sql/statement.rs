//! The statement.
//!
//! Five steps, each a common table that is used once, so that the engine reads the trail once:
//!
//! 1. `records`: the records of the principals in the window, and which busy row they belong to;
//! 2. `opened`: the payloads of busy ones as maps, and the member that grows;
//! 3. `calls`: the payloads without what nobody reads;
//! 4. `days`: equal calls of a day counted, each event once;
//! 5. `places` and the end: of what grows only the first ones, the last one, and the rest as one.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::answers;
use super::busy::Busy;
use super::table::{Partition, Table};
use super::words::{among, arns_in, members_of, name, text, without};
use crate::aggregator::{DISTINCT_KEPT, Selection};
use crate::catalog::Catalog;
use crate::catalog::rules::Rules;
use crate::cloudtrail::HIDDEN;
use crate::iam::PrincipalSelector;

/// What Athena takes: <https://docs.aws.amazon.com/athena/latest/ug/service-limits.html>.
pub const LONGEST_STATEMENT: usize = 262_144;

/// The columns of the result, in order: what tells one call from another, then what is told of it.
pub const COLUMNS: [&str; 27] = [
    "eventsource",
    "eventname",
    "awsregion",
    "recipientaccountid",
    "apiversion",
    "errorcode",
    "errormessage",
    "kind",
    "principal",
    "caller_account",
    "invokedby",
    "session",
    "access_key",
    "readonly",
    "category",
    "hidden",
    "resources",
    "request",
    "response",
    "growing",
    "grown",
    "events",
    "first_seen",
    "last_seen",
    "days",
    "samples",
    "more_samples",
];

/// How many of them tell one call from another.
const CALL: usize = 19;

/// One statement that gives all calls of the selection, ready to be resolved.
pub fn statement(table: &Table, selection: &Selection, catalog: &Catalog) -> String {
    let busy = Busy::all(catalog, selection.follows_sessions);
    let mut sql = String::with_capacity(32 * 1024);
    let call = COLUMNS.split_at(CALL).0.join(", ");
    let _ = write!(
        sql,
        "WITH records AS (\n{records}\n), opened AS (\n{opened}\n), calls AS (\n{calls}\n), days AS (\n\
         SELECT {call}, growing, grown, substr(eventtime, 1, 10) AS day,\n\
         count(DISTINCT eventtime || eventid) + count_if(eventid IS NULL) AS events,\n\
         min(eventtime) AS first_seen, max(eventtime) AS last_seen,\n\
         array_sort(array_distinct(min(eventtime || '|' || eventid, {repeats}))) AS samples\n\
         FROM calls GROUP BY {call}, growing, grown, substr(eventtime, 1, 10)\n\
         ), places AS (\n\
         SELECT *, dense_rank() OVER (PARTITION BY {call}, growing ORDER BY grown) AS place,\n\
         dense_rank() OVER (PARTITION BY {call}, growing ORDER BY grown DESC) AS from_last FROM days\n\
         ), slots AS (\n\
         SELECT {call}, growing, CASE WHEN from_last = 1 THEN 0 ELSE least(place, {most}) END AS slot, day,\n\
         min(grown) AS grown, sum(events) AS events, min(first_seen) AS first_seen, max(last_seen) AS last_seen,\n\
         min(element_at(samples, 1)) AS sample_1, min(element_at(samples, 2)) AS sample_2, min(element_at(samples, 3)) AS sample_3\n\
         FROM places GROUP BY {call}, growing, CASE WHEN from_last = 1 THEN 0 ELSE least(place, {most}) END, day\n\
         )\n\
         SELECT {call}, growing, min(grown) AS grown, sum(events) AS events,\n\
         min(first_seen) AS first_seen, max(last_seen) AS last_seen,\n\
         array_join(array_agg(day || '=' || CAST(events AS VARCHAR) ORDER BY day), ',') AS days,\n\
         array_join(min(sample_1, 3), chr(10)) AS samples,\n\
         array_join(array_sort(array_agg(sample_2 || chr(10) || coalesce(sample_3, ''))), chr(10)) AS more_samples\n\
         FROM slots GROUP BY {call}, growing, slot",
        records = records(table, selection, &busy),
        opened = opened(&busy),
        calls = calls(&busy),
        repeats = REPEATS,
        most = DISTINCT_KEPT + 1,
    );
    sql
}

/// How many of the earliest events are looked at for three different ones: an event may be delivered several times.
const REPEATS: usize = 12;

fn records(table: &Table, selection: &Selection, busy: &[Busy]) -> String {
    let session = "CASE WHEN position('assumed-role/' IN useridentity.arn) > 0 THEN regexp_extract(useridentity.arn, '[^/]*$') END";
    let wanted = |asked: bool, column: &str| if asked { column.to_owned() } else { "CAST(NULL AS VARCHAR)".to_owned() };
    let columns = [
        ("kind", "useridentity.type".to_owned()),
        ("principal", PRINCIPAL.to_owned()),
        ("caller_account", "useridentity.accountid".to_owned()),
        ("invokedby", "useridentity.invokedby".to_owned()),
        ("session", wanted(!selection.sessions.is_empty(), session)),
        ("access_key", wanted(!selection.access_keys.is_empty(), "useridentity.accesskeyid")),
        ("own_session", session.to_owned()),
        ("category", wanted(table.has_category, "eventcategory")),
        ("busy", which_busy(busy)),
    ];
    let columns: Vec<String> = columns.iter().map(|(alias, column)| format!("{column} AS {alias}")).collect();
    format!(
        "SELECT eventid, eventtime, eventsource, eventname, awsregion, recipientaccountid, apiversion, errorcode, errormessage,\n\
         CAST(readonly AS VARCHAR) AS readonly, nullif(requestparameters, 'null') AS requestparameters,\n\
         nullif(responseelements, 'null') AS responseelements, additionaleventdata, resources AS named,\n{}\n\
         FROM {}.{}\nWHERE {}",
        columns.join(",\n"),
        name(&table.database),
        name(&table.name),
        conditions(table, selection).join("\nAND "),
    )
}

/// The role behind the session, or the user.
const PRINCIPAL: &str = "coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn)";

fn which_busy(busy: &[Busy]) -> String {
    let mut case = String::from("CASE");
    for (index, row) in busy.iter().enumerate() {
        let events = among("eventname", row.events.iter().map(String::as_str));
        let _ = write!(case, "\nWHEN eventsource = {} AND {events} THEN {index}", text(&row.event_source));
    }
    case.push_str(" END");
    case
}

fn conditions(table: &Table, selection: &Selection) -> Vec<String> {
    let mut all = vec!["(eventtype IS NULL OR eventtype = 'AwsApiCall')".to_owned()];
    let who: Vec<String> = selection.principals.iter().map(principal).collect();
    all.push(format!("({})", who.join(" OR ")));
    // Times in trail files are whole seconds in one form, so their texts are in order.
    let second = |time: Timestamp| {
        let up = time.subsec_nanosecond() > 0;
        let whole = Timestamp::from_second(time.as_second() + i64::from(up)).unwrap_or(time);
        text(&whole.to_string())
    };
    all.extend(selection.since.map(|since| format!("eventtime >= {}", second(since))));
    all.extend(selection.until.map(|until| format!("eventtime < {}", second(until))));
    for (column, values) in [("awsregion", &selection.regions), ("recipientaccountid", &selection.accounts)] {
        if !values.is_empty() {
            all.push(among(column, values.iter().map(String::as_str)));
        }
    }
    if !selection.access_keys.is_empty() {
        all.push(among("useridentity.accesskeyid", selection.access_keys.iter().map(String::as_str)));
    }
    all.extend(table.partitions.iter().filter_map(|partition| pruned(partition, selection)));
    all
}

fn principal(selector: &PrincipalSelector) -> String {
    match selector {
        PrincipalSelector::Exact(arn) => format!("{PRINCIPAL} = {}", text(&arn.to_string())),
        PrincipalSelector::RoleName { account, name } => {
            let account = account.as_deref().map_or("[^:]*".to_owned(), regex_syntax_free);
            let pattern = format!("^arn:[^:]*:iam::{account}:role/(.*/)?{}$", regex_syntax_free(name));
            format!("regexp_like({PRINCIPAL}, {})", text(&pattern))
        }
    }
}

/// A text that a regular expression matches as it is.
fn regex_syntax_free(literal: &str) -> String {
    let escaped =
        |c: char| if c.is_ascii_alphanumeric() || "-_=,@/".contains(c) { c.to_string() } else { format!("[{c}]") };
    literal.chars().map(escaped).collect()
}

/// What keeps the engine from objects that can't hold anything wanted.
fn pruned(partition: &Partition, selection: &Selection) -> Option<String> {
    match partition {
        Partition::Account(column) if !selection.accounts.is_empty() => {
            Some(among(&name(column), selection.accounts.iter().map(String::as_str)))
        }
        // Events of global services are of us-east-1, and may lie in the folder of a trail's own Region.
        Partition::Region(column)
            if !selection.regions.is_empty() && !selection.regions.iter().any(|region| region == "us-east-1") =>
        {
            Some(among(&name(column), selection.regions.iter().map(String::as_str)))
        }
        Partition::Day { column, separator } => {
            let day = |time: Timestamp| {
                let form = format!("%Y{separator}%m{separator}%d");
                text(&time.strftime(&form).to_string())
            };
            let since = selection.since.map(|since| format!("{} >= {}", name(column), day(since)));
            // Folders are by the day of delivery, which may be the day after.
            let until = selection.until.map(|until| {
                let later = until.checked_add(LATE).unwrap_or(until);
                format!("{} <= {}", name(column), day(later))
            });
            let both: Vec<String> = since.into_iter().chain(until).collect();
            (!both.is_empty()).then(|| both.join(" AND "))
        }
        Partition::Account(_) | Partition::Region(_) => None,
    }
}

/// How long after a call its record may be delivered.
const LATE: SignedDuration = SignedDuration::from_hours(24);

fn opened(busy: &[Busy]) -> String {
    let map = |column: &str| {
        format!("CASE WHEN busy IS NOT NULL THEN TRY(CAST(json_parse({column}) AS MAP(VARCHAR, JSON))) END")
    };
    let mut grown = String::from("CASE");
    let mut growing = String::from("CASE");
    for (index, row) in busy.iter().enumerate() {
        let Some((grows, beside)) = &row.grows else { continue };
        let _ = write!(
            grown,
            "\nWHEN busy = {index} AND json_extract_scalar(requestparameters, '$.{beside}') NOT LIKE 'arn:%' \
             THEN json_extract_scalar(requestparameters, '$.{grows}')"
        );
        let _ = write!(growing, "\nWHEN busy = {index} THEN {}", text(grows));
    }
    format!(
        "SELECT *, {} AS asked, {} AS answered,\n{grown} END AS grown,\n{growing} END AS may_grow\nFROM records",
        map("requestparameters"),
        map("responseelements"),
    )
}

fn calls(busy: &[Busy]) -> String {
    let tokens = &Rules::embedded().common().tokens;
    let (mut request, mut response) = (String::from("CASE"), String::from("CASE"));
    for (index, row) in busy.iter().enumerate() {
        let left_out = row.grows.as_ref().map(|(grows, _)| grows.as_str());
        if let Some(grows) = left_out {
            let kept = members_of("asked", &row.reads.request, Some(grows));
            let _ = write!(request, "\nWHEN busy = {index} AND grown IS NOT NULL AND asked IS NOT NULL THEN {kept}");
        }
        let kept = members_of("asked", &row.reads.request, None);
        let _ = write!(request, "\nWHEN busy = {index} AND asked IS NOT NULL THEN {kept}");
        let kept = members_of("answered", &row.reads.response, None);
        let _ = write!(response, "\nWHEN busy = {index} AND answered IS NOT NULL THEN {kept}");
    }
    let _ = write!(request, "\nELSE {} END", without("requestparameters", tokens));
    let _ = write!(
        response,
        "\nWHEN {} THEN {}\nELSE {} END",
        answers::kept_whole(),
        without("responseelements", tokens),
        arns_in("responseelements"),
    );
    // A denial names the session, which differs from run to run.
    let message = "coalesce(replace(errormessage, '/' || own_session || ' is not', '/* is not'), errormessage)";
    let holds = |column: &str| format!("coalesce(strpos({column}, {}), 0)", text(HIDDEN));
    let hidden = format!(
        "CASE WHEN {} + {} + {} > 0 THEN 'yes' END",
        holds("requestparameters"),
        holds("responseelements"),
        holds("additionaleventdata")
    );
    let resources = "array_join(transform(filter(named, r -> r.arn IS NOT NULL AND (grown IS NULL OR \
                     strpos(r.arn, '/' || grown) = 0)), r -> r.arn), chr(10))";
    format!(
        "SELECT eventid, eventtime, eventsource, eventname, awsregion, recipientaccountid, apiversion, errorcode,\n\
         {message} AS errormessage, kind, principal, caller_account, invokedby, session, access_key, readonly, category,\n\
         {hidden} AS hidden,\n{resources} AS resources,\n{request} AS request,\n{response} AS response,\n\
         CASE WHEN grown IS NOT NULL THEN may_grow END AS growing, grown\nFROM opened"
    )
}
