//! Has STS decode the messages in which EC2 and others hide what they denied.

use std::collections::BTreeMap;

use aws_config::Region;
use aws_sdk_sts::Client;

use super::error::{Call, kind_of};
use super::session::Session;
use crate::collector::remote::AwsOptions;
use crate::collector::remote_error::{RemoteError, RemoteErrorKind};

/// The decoded messages, JSON, by the encoded ones. A message that STS can't decode, because it was cut or belongs to
/// another account, is left out with a word in the log.
pub fn decode_denials(messages: &[String], options: &AwsOptions) -> Result<BTreeMap<String, String>, RemoteError> {
    let decode = || {
        let session = Session::new(options)?;
        let region = session.config.region().cloned().unwrap_or(Region::from_static("us-east-1"));
        let client = Client::from_conf(aws_sdk_sts::config::Builder::from(&session.config).region(region).build());
        session.runtime.block_on(decode_all(&client, messages))
    };
    decode().map_err(|kind| RemoteError { place: "--decode-denials".to_owned(), kind })
}

async fn decode_all(client: &Client, messages: &[String]) -> Result<BTreeMap<String, String>, RemoteErrorKind> {
    const CALL: Call<'_> = Call { action: "sts:DecodeAuthorizationMessage", region: "" };
    let mut decoded = BTreeMap::new();
    for message in messages {
        match client.decode_authorization_message().encoded_message(message).send().await {
            Ok(answer) => {
                decoded.extend(answer.decoded_message().map(|text| (message.clone(), text.to_owned())));
            }
            Err(error) => match kind_of(&error, CALL) {
                kind @ RemoteErrorKind::Refused { .. } => tracing::warn!("an encoded denial can't be decoded: {kind}"),
                kind => return Err(kind),
            },
        }
    }
    Ok(decoded)
}
