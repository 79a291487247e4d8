//! What a `userAgent` tells besides the programs that everybody uses: names of tools of one's own, of hosts, of pipelines.

use super::{Visitor, is_aws_word};

/// Products and words of user agents that say nothing of whose they are: beginnings, in lower case. `app/NAME` is not among
/// them: the AWS SDKs write the name so that a user gives.
const EVERYBODYS: [&str; 61] = [
    "ansible",
    "api",
    "apn",
    "applewebkit",
    "arch",
    "aws",
    "boto",
    "cfg",
    "chrome",
    "command",
    "console",
    "coral",
    "crt",
    "darwin",
    "docker",
    "edg",
    "eksctl",
    "exec-env",
    "firefox",
    "ft",
    "gecko",
    "go",
    "hashicorp",
    "helm",
    "http",
    "intel",
    "java",
    "jvm",
    "kernel",
    "khtml",
    "kotlin",
    "kubectl",
    "lang",
    "like",
    "linux",
    "m/",
    "mac",
    "md",
    "mozilla",
    "node",
    "openjdk",
    "opentofu",
    "os",
    "php",
    "pulumi",
    "python",
    "retry",
    "ruby",
    "rust",
    "s3",
    "safari",
    "scala",
    "signin",
    "terraform",
    "terragrunt",
    "ua",
    "vendor",
    "version",
    "win",
    "x64",
    "x86",
];

/// Looks at each word of a user agent.
pub fn visit(agent: &str, visitor: &mut Visitor<'_>) {
    let words = agent.split(|c: char| c.is_whitespace() || "();,[]".contains(c));
    for word in words.filter(|word| !is_everybodys(word)) {
        visitor.name(word);
    }
}

fn is_everybodys(word: &str) -> bool {
    let folded = word.to_ascii_lowercase();
    word.len() < 3
        || !word.contains(|c: char| c.is_ascii_alphabetic())
        || is_aws_word(word)
        || EVERYBODYS.iter().any(|known| folded.starts_with(known))
}
