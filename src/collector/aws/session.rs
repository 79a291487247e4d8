//! Credentials and the runtime: what every call to AWS needs.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use tokio::runtime::{Builder, Runtime};

use super::error::of_credentials;
use crate::collector::remote::AwsOptions;
use crate::collector::remote_error::RemoteErrorKind;

/// A way to AWS: how to sign, where to send, and the threads that wait for the answers.
#[derive(Debug)]
pub struct Session {
    pub runtime: Runtime,
    pub config: SdkConfig,
}

/// The name of our sessions in other people's trails.
const SESSION_NAME: &str = "trailtrim";

impl Session {
    /// Finds the credentials as the AWS command line does. That there are some is known afterwards, not that they work.
    pub fn new(options: &AwsOptions) -> Result<Self, RemoteErrorKind> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("aws")
            .enable_all()
            .build()
            .map_err(|error| RemoteErrorKind::Other(format!("can't start threads for the network: {error}")))?;
        let config = runtime.block_on(load(options))?;
        Ok(Self { runtime, config })
    }
}

async fn load(options: &AwsOptions) -> Result<SdkConfig, RemoteErrorKind> {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(Duration::from_secs(10)).read_timeout(Duration::from_secs(60)).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(6))
        .timeout_config(timeouts);
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let config = loader.load().await;
    let config = match &options.assume_role {
        Some(role) => {
            // The service is global in all but name: any Region will do.
            let region = config.region().cloned().unwrap_or(Region::from_static("us-east-1"));
            let config = config.into_builder().region(region.clone()).build();
            let provider = AssumeRoleProvider::builder(role.to_string())
                .session_name(SESSION_NAME)
                .region(region)
                .configure(&config)
                .build()
                .await;
            config
                .into_builder()
                .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(provider))
                .build()
        }
        None => config,
    };
    match config.credentials_provider() {
        None => Err(RemoteErrorKind::NoCredentials { cause: "none of the usual places has any".to_owned() }),
        Some(provider) => {
            provider.provide_credentials().await.map_err(|error| of_credentials(&error))?;
            Ok(config)
        }
    }
}
