use super::*;

fn document(text: &str) -> PolicyDocument {
    PolicyDocument::parse(text).unwrap()
}

fn new() -> PolicyDocument {
    document(
        r#"{"Version": "2012-10-17", "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": ["eks:DescribeCluster", "eks:ListAddons"],
             "Resource": "arn:aws:eks:eu-central-1:111122223333:cluster/demo"},
            {"Sid": "Own", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}/*",
             "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"], "aws:RequestedRegion": "eu-central-1"}}}]}"#,
    )
}

fn edited(file: &str, text: &str, address: Option<&str>) -> Result<String, EditError> {
    edit(Path::new(file), text, address, &new(), &Parameters::default())
}

const SOURCE: &str = r#"# Roles of the pipeline.
locals { name = "ci" } // stays

data "aws_iam_policy_document" "ci" {
  policy_id = "ci" # an id

  # What the plan reads.
  statement {
    sid     = "Everything"
    actions = [
      # asked for by the platform team
      "eks:DescribeCluster", # every plan
      "eks:DeleteCluster", # gone with the action
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy"   "ci" {
  policy = data.aws_iam_policy_document.ci.json
}
"#;

#[test]
fn everything_around_the_statements_stays_and_comments_move_with_their_actions() {
    let text = edited("ci.tf", SOURCE, None).unwrap();
    for kept in [
        "# Roles of the pipeline.\nlocals { name = \"ci\" } // stays\n\ndata",
        "  policy_id = \"ci\" # an id\n\n",
        "  # What the plan reads.\n  statement {\n    sid    = \"Read\"",
        "      # asked for by the platform team\n      \"eks:DescribeCluster\", # every plan\n      \"eks:ListAddons\"\n",
        "  # gone with the action\n",
        "}\n\nresource \"aws_iam_policy\"   \"ci\" {\n",
        "\"arn:aws:s3:::b/$${aws:username}/*\"",
    ] {
        assert!(text.contains(kept), "{kept}\n---\n{text}");
    }
    assert!(!text.contains("DeleteCluster"), "{text}");
    assert_eq!(edited("ci.tf", &text, None).unwrap(), text, "a second time changes nothing");
}

#[test]
fn jsonencode_and_heredocs_are_replaced_inside_their_resource() {
    let encoded = "resource \"aws_iam_role_policy\" \"ci\" {\n  role = aws_iam_role.ci.id\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{\n      Effect   = \"Allow\"\n      Action   = [\"eks:*\", \"eks:DescribeCluster\"] # too wide\n      Resource = \"*\"\n    }]\n  })\n}\n";
    let text = edited("ci.tf", encoded, None).unwrap();
    assert!(
        text.contains("role = aws_iam_role.ci.id\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n"),
        "{text}"
    );
    assert!(text.contains("# too wide") && text.contains("\"aws:PrincipalTag/team\""), "{text}");
    assert_eq!(edited("ci.tf", &text, None).unwrap(), text);
    let heredoc = "resource \"aws_iam_policy\" \"ci\" {\n  policy = <<-EOT\n    {\n      \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}\n    }\n  EOT\n  name = \"ci\"\n}\n";
    let text = edited("ci.tf", heredoc, None).unwrap();
    assert!(text.contains("<<-EOT\n    {\n      \"Version\": \"2012-10-17\",\n"), "{text}");
    assert!(text.contains("$${aws:username}") && text.ends_with("  EOT\n  name = \"ci\"\n}\n"), "{text}");
    assert_eq!(edited("ci.tf", &text, None).unwrap(), text);
}

#[test]
fn documents_are_read_with_the_lines_of_their_parts() {
    let lines = |text: &str| -> Vec<(usize, Vec<usize>, Vec<usize>)> {
        let found = read(text, None).unwrap();
        let statements = found.iter().flat_map(|one| &one.lines.statements);
        statements
            .map(|one| (one.line, one.actions.values().copied().collect(), one.resources.values().copied().collect()))
            .collect()
    };
    assert_eq!(lines(SOURCE), [(8, vec![13, 12], vec![15])]);
    let found = read(SOURCE, Some("data.aws_iam_policy_document.ci")).unwrap();
    assert_eq!(found[0].document.statements[0].sid.as_deref(), Some("Everything"));
    let encoded = "resource \"aws_iam_policy\" \"ci\" {\n  policy = jsonencode({\n    Statement = [\n      {\n        Effect = \"Allow\"\n        Action = \"eks:*\"\n        Resource = \"*\"\n      }\n    ]\n  })\n}\n";
    assert_eq!(lines(encoded), [(4, vec![6], vec![7])]);
    let heredoc = "resource \"aws_iam_policy\" \"ci\" {\n  policy = <<EOT\n{\n  \"Statement\": {\n    \"Effect\": \"Allow\",\n    \"Action\": \"*\",\n    \"Resource\": \"*\"\n  }\n}\nEOT\n}\n";
    assert_eq!(lines(heredoc), [(4, vec![6], vec![7])]);
    let error = read(&SOURCE.replace("[\"*\"]", "[aws_s3_bucket.state.arn]"), None).unwrap_err().to_string();
    assert!(error.contains("line 15") && error.contains("can't be known"), "{error}");
}

#[test]
fn line_breaks_of_windows_stay() {
    let text = edited("ci.tf", &SOURCE.replace('\n', "\r\n"), None).unwrap();
    assert_eq!(text.replace("\r\n", "\n"), edited("ci.tf", SOURCE, None).unwrap());
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn json_keeps_its_indentation() {
    let old = "{\n    \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]\n}";
    let text = edited("ci.json", old, None).unwrap();
    assert!(text.starts_with("{\n    \"Version\"") && text.ends_with('}'), "{text}");
    assert_eq!(document(&text), new());
    let wrapped = "{\"PolicyDocument\": {\"Statement\": []}}";
    assert!(matches!(edited("ci.json", wrapped, None), Err(EditError::Wrapped)));
}

#[test]
fn parameters_are_references_in_the_file_and_stay_when_it_is_written_again() {
    let parameters = Parameters {
        partition: Some("aws".into()),
        account: Some("111122223333".into()),
        named: [("cluster".into(), "demo".into())].into(),
        ..Parameters::default()
    };
    let write = |text: &str| edit(Path::new("ci.tf"), text, None, &new(), &parameters).unwrap();
    let text = write(SOURCE);
    assert!(text.contains("\"arn:${data.aws_partition.current.partition}:eks:eu-central-1:${data.aws_caller_identity.current.account_id}:cluster/${var.cluster}\""), "{text}");
    assert_eq!(write(&text), text);
}

#[test]
fn what_can_t_be_kept_is_refused_with_its_line() {
    let refused = |from: &str, to: &str| match edited("ci.tf", &SOURCE.replace(from, to), None) {
        Err(EditError::CannotKeep { line, what }) => (line, what),
        other => panic!("{other:?}"),
    };
    let (line, what) = refused("[\"*\"]", "[aws_s3_bucket.state.arn]");
    assert!(line == 15 && what.contains("`aws_s3_bucket.state.arn` would be lost"), "{line}: {what}");
    assert!(refused("policy_id = \"ci\" # an id", "source_policy_documents = [x]").1.contains("elsewhere"));
    assert!(refused("# every plan", "/* every plan */").1.contains("/* */"));
    assert!(
        refused("resources = [\"*\"]\n  }", "resources = [\"*\"]\n  }\n  version = \"2012-10-17\"")
            .1
            .contains("move it")
    );
    assert!(refused("  # What the plan reads.\n  statement", "  dynamic \"statement\"").1.contains("dynamic"));
}

#[test]
fn which_document_is_meant_must_be_plain() {
    let two = format!(
        "{SOURCE}{}",
        SOURCE.replace("\"aws_iam_policy_document\" \"ci\"", "\"aws_iam_policy_document\" \"cd\"")
    );
    let error = edited("ci.tf", &two, None).unwrap_err().to_string();
    assert!(
        error.contains("`data.aws_iam_policy_document.ci`") && error.contains("`data.aws_iam_policy_document.cd`"),
        "{error}"
    );
    let text = edited("ci.tf", &two, Some("data.aws_iam_policy_document.cd")).unwrap();
    assert!(text.starts_with(SOURCE));
    assert!(matches!(edited("ci.tf", &two, Some("aws_iam_policy.x")), Err(EditError::NoSuchDocument { .. })));
    assert!(matches!(edited("ci.tf", "locals {}\n", None), Err(EditError::NoDocument)));
    assert!(matches!(edited("ci.tf", "locals {", None), Err(EditError::Hcl(_))));
    let trust = "data \"aws_iam_policy_document\" \"trust\" {\n  statement {\n    principals {\n      type = \"Service\"\n      identifiers = []\n    }\n  }\n}\n";
    assert!(edited("ci.tf", &format!("{trust}{SOURCE}"), None).unwrap().starts_with(trust));
}
