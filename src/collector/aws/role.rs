//! The role itself: its policies and its use, as IAM has them.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_iam::Client;
use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::primitives::DateTime;
use aws_sdk_iam::types::{AccessAdvisorUsageGranularityType, ErrorDetails, JobStatusType, Role, ServiceLastAccessed};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::error::{Call, kind_of};
use super::session::Session;
use crate::collector::remote::AwsOptions;
use crate::collector::remote_error::{RemoteError, RemoteErrorKind};
use crate::collector::role::{PolicyInIam, RoleInIam};
use crate::iam::{Arn, LastAccessed, PrincipalArn, PrincipalSelector, ServiceAccess};

type Result<T> = std::result::Result<T, RemoteErrorKind>;

/// Asks IAM for the role and all its policies.
pub fn read_role(selector: &PrincipalSelector, options: &AwsOptions) -> std::result::Result<RoleInIam, RemoteError> {
    let read = || {
        let session = Session::new(options)?;
        session.runtime.block_on(Iam::new(&session.config, None).role(selector))
    };
    read().map_err(|kind| RemoteError { place: format!("iam: {selector}"), kind })
}

/// Asks IAM for the default version of a managed policy, the customer's or AWS's own.
pub fn read_policy(arn: &Arn, options: &AwsOptions) -> std::result::Result<PolicyInIam, RemoteError> {
    let read = || {
        let session = Session::new(options)?;
        session.runtime.block_on(Iam::new(&session.config, Some(arn.partition())).managed(&arn.to_string()))
    };
    read().map_err(|kind| RemoteError { place: format!("iam: {arn}"), kind })
}

struct Iam {
    client: Client,
}

impl Iam {
    /// IAM is one for all Regions of a partition, and still wants to hear of a Region.
    fn new(config: &SdkConfig, partition: Option<&str>) -> Self {
        let region = config.region().cloned().unwrap_or_else(|| {
            Region::from_static(match partition {
                Some("aws-cn") => "cn-north-1",
                Some("aws-us-gov") => "us-gov-west-1",
                _ => "us-east-1",
            })
        });
        Self { client: Client::from_conf(aws_sdk_iam::config::Builder::from(config).region(region).build()) }
    }

    async fn role(&self, selector: &PrincipalSelector) -> Result<RoleInIam> {
        let (role, arn) = self.found(selector).await?;
        let mut identity = self.inline(&role, &arn).await?;
        identity.extend(self.attached(&role).await?);
        let boundary = match role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn()) {
            Some(boundary) => Some(self.managed(boundary).await?),
            None => None,
        };
        tell(&role, &arn);
        let mut accessed = self.last_accessed(&arn).await.unwrap_or_else(|kind| {
            // A second witness is welcome, not needed.
            tracing::warn!("IAM's own record of what `{arn}` used is not at hand: {kind}");
            LastAccessed::default()
        });
        accessed.principal = role.role_last_used().and_then(|used| used.last_used_date()).and_then(time);
        Ok(RoleInIam { arn, identity, boundary, accessed })
    }

    /// The role of that name, if it is the one that is meant.
    async fn found(&self, selector: &PrincipalSelector) -> Result<(Role, PrincipalArn)> {
        if let PrincipalSelector::Exact(user) = selector
            && user.is_user()
        {
            return Err(RemoteErrorKind::Other(
                "policies of users can't be asked for yet; give them as files".to_owned(),
            ));
        }
        let answer = self.client.get_role().role_name(selector.name()).send().await.map_err(of("iam:GetRole"))?;
        let role = answer.role().cloned().ok_or_else(|| incomplete("iam:GetRole"))?;
        let arn: PrincipalArn = role.arn().parse().map_err(|_| incomplete("iam:GetRole"))?;
        if !selector.matches(&arn) {
            return Err(RemoteErrorKind::NotFound {
                action: "iam:GetRole".to_owned(),
                said: format!("the credentials see `{arn}`, which is another role"),
            });
        }
        Ok((role, arn))
    }

    async fn inline(&self, role: &Role, arn: &PrincipalArn) -> Result<Vec<PolicyInIam>> {
        let mut pages = self.client.list_role_policies().role_name(role.role_name()).into_paginator().send();
        let mut policies = Vec::new();
        while let Some(page) = pages.next().await {
            for name in page.map_err(of("iam:ListRolePolicies"))?.policy_names() {
                let asked = self.client.get_role_policy().role_name(role.role_name()).policy_name(name);
                let answer = asked.send().await.map_err(of("iam:GetRolePolicy"))?;
                let text = decoded(answer.policy_document())?;
                policies.push(PolicyInIam { name: name.clone(), place: format!("iam:{arn}/{name}"), text });
            }
        }
        Ok(policies)
    }

    async fn attached(&self, role: &Role) -> Result<Vec<PolicyInIam>> {
        let mut pages = self.client.list_attached_role_policies().role_name(role.role_name()).into_paginator().send();
        let mut policies = Vec::new();
        while let Some(page) = pages.next().await {
            for policy in page.map_err(of("iam:ListAttachedRolePolicies"))?.attached_policies() {
                let arn = policy.policy_arn().ok_or_else(|| incomplete("iam:ListAttachedRolePolicies"))?;
                policies.push(self.managed(arn).await?);
            }
        }
        Ok(policies)
    }

    async fn managed(&self, arn: &str) -> Result<PolicyInIam> {
        let answer = self.client.get_policy().policy_arn(arn).send().await.map_err(of("iam:GetPolicy"))?;
        let policy = answer.policy().ok_or_else(|| incomplete("iam:GetPolicy"))?;
        let version = policy.default_version_id().ok_or_else(|| incomplete("iam:GetPolicy"))?;
        let asked = self.client.get_policy_version().policy_arn(arn).version_id(version);
        let answer = asked.send().await.map_err(of("iam:GetPolicyVersion"))?;
        let document = answer.policy_version().and_then(|version| version.document());
        let text = decoded(document.ok_or_else(|| incomplete("iam:GetPolicyVersion"))?)?;
        let name = policy.policy_name().unwrap_or(arn).to_owned();
        Ok(PolicyInIam { name, place: format!("iam:{arn}"), text })
    }

    /// Has IAM make its report, which takes some seconds, and reads it.
    async fn last_accessed(&self, arn: &PrincipalArn) -> Result<LastAccessed> {
        const ASK: &str = "iam:GenerateServiceLastAccessedDetails";
        const READ: &str = "iam:GetServiceLastAccessedDetails";
        const PATIENCE: u32 = 60;
        let asked = self.client.generate_service_last_accessed_details().arn(arn.to_string());
        let asked = asked.granularity(AccessAdvisorUsageGranularityType::ActionLevel);
        let job = asked.send().await.map_err(of(ASK))?.job_id().ok_or_else(|| incomplete(ASK))?.to_owned();
        let mut accessed = LastAccessed::default();
        let (mut marker, mut waited) = (None, 0);
        loop {
            let asked = self.client.get_service_last_accessed_details().job_id(&job).set_marker(marker.clone());
            let answer = asked.send().await.map_err(of(READ))?;
            match answer.job_status() {
                JobStatusType::InProgress if waited < PATIENCE => {
                    waited += 1;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
                JobStatusType::Completed => {}
                _ => {
                    let said = answer.error().map_or("it takes too long", ErrorDetails::message);
                    return Err(RemoteErrorKind::Other(format!("IAM did not finish its report: {said}")));
                }
            }
            let services = answer.services_last_accessed().iter();
            accessed.services.extend(services.map(|service| (service.service_namespace().to_owned(), access(service))));
            marker = answer.marker().map(str::to_owned);
            if !answer.is_truncated() || marker.is_none() {
                return Ok(accessed);
            }
        }
    }
}

fn access(service: &ServiceLastAccessed) -> ServiceAccess {
    let actions = service.tracked_actions_last_accessed().iter().filter_map(|action| {
        Some((action.action_name()?.to_ascii_lowercase(), action.last_accessed_time().and_then(time)))
    });
    ServiceAccess { last: service.last_authenticated().and_then(time), actions: actions.collect() }
}

/// What else there is to know, for those who ask for more words.
fn tell(role: &Role, arn: &PrincipalArn) {
    let trust = role.assume_role_policy_document().and_then(|trust| decoded(trust).ok()).unwrap_or_default();
    let tags: Vec<String> = role.tags().iter().map(|tag| format!("{}={}", tag.key(), tag.value())).collect();
    tracing::info!("`{arn}`: tags {}", if tags.is_empty() { "none".to_owned() } else { tags.join(", ") });
    tracing::debug!("`{arn}` is trusted by {trust}");
}

fn of<E>(action: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> RemoteErrorKind
where
    E: ProvideErrorMetadata + Error + 'static,
{
    move |error| kind_of(&error, Call { action, region: "" })
}

fn incomplete(action: &str) -> RemoteErrorKind {
    RemoteErrorKind::Other(format!("the answer to `{action}` is incomplete"))
}

/// IAM percent-encodes documents.
fn decoded(document: &str) -> Result<String> {
    let decoded = percent_decode_str(document).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| RemoteErrorKind::Other("a policy is not UTF-8".to_owned()))
}

fn time(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}
