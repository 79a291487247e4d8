//! Where credentials come from, and what is said when there are none.

use std::sync::Arc;

use crate::stand_ins::{Answer, History, Server, json_error, xml_error};
use crate::support::{ROLE, Records, command, run, without_credentials};

const LOOKUP: [&str; 6] = ["generate", "lookup-events", "--role", ROLE, "--region", "eu-central-1,us-east-1"];

#[test]
fn without_credentials_nothing_is_asked() {
    let server = Server::start(|_| json_error(500, "InternalError", "nobody should ask"));
    let finished = run(without_credentials(&server.url(), &LOOKUP));
    assert_eq!(finished.status, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("no credentials") && finished.stderr.contains("--profile"), "{}", finished.stderr);
    assert!(server.calls().is_empty());
}

#[test]
fn nobody_at_the_address_is_said_with_advice() {
    // Bound for a moment, so that nobody else is there.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = without_credentials(&format!("http://{address}"), &LOOKUP);
    command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_MAX_ATTEMPTS", "1");
    let finished = run(command);
    assert_eq!(finished.status, Some(1));
    assert!(
        finished.stderr.contains("can't reach AWS") && finished.stderr.contains("--endpoint-url"),
        "{}",
        finished.stderr
    );
}

#[test]
fn another_role_is_assumed_and_its_credentials_sign() {
    let records = Records::of("eks-eksctl");
    let history = Arc::new(History::new(&records.records));
    let server = Server::start(move |call| match call.operation.as_str() {
        "AssumeRole" => Answer::xml(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
                .to_owned(),
        ),
        _ if call.key == "ASIAASSUMED" => history.lookup(call),
        _ => json_error(400, "AccessDeniedException", "not this key"),
    });
    let role = ["--assume-role", "arn:aws:iam::111122223333:role/logs", "--format", "terraform"];
    let finished = run(command(&server, &[&LOOKUP[..], &role].concat()));
    assert_eq!(finished.stdout, records.generated(&["--format", "terraform"]), "{}", finished.stderr);
}

#[test]
fn a_role_that_may_not_be_assumed_is_said() {
    let server =
        Server::start(|_| xml_error(403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole"));
    let finished =
        run(command(&server, &[&LOOKUP[..], &["--assume-role", "arn:aws:iam::111122223333:role/logs"]].concat()));
    assert_eq!(finished.status, Some(1));
    assert!(finished.stderr.contains("grant `sts:AssumeRole`"), "{}", finished.stderr);
}
