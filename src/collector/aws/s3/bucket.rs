//! A bucket, and what there is to list in it.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2Error, ListObjectsV2Output};
use aws_sdk_s3::types::RequestPayer;

use super::super::error::{Call, kind_of};
use super::super::remote::Reading;
use super::tree::{Level, Listing, ROOT, Wanted};
use crate::collector::remote::{AwsOptions, S3Url};
use crate::collector::remote_error::RemoteErrorKind;
use crate::collector::shard::Shard;

/// A bucket in its own Region.
#[derive(Debug)]
pub struct Bucket {
    pub name: String,
    pub client: Client,
    region: String,
    pub options: AwsOptions,
    /// What was typed behind the bucket, and the part of what is below it that is read.
    prefix: String,
    shard: Option<Shard>,
}

/// A tree is looked for so many folders deep, and in no folder with more children than these: then it is no trail's.
const DEEPEST: usize = 4;
const MOST_CHILDREN: usize = 200;

impl Bucket {
    /// Finds the bucket, and what to list under the prefix.
    pub async fn open(url: &S3Url, reading: &Reading, wanted: Wanted) -> Result<(Self, Vec<Listing>), RemoteErrorKind> {
        let region = reading.config.region().map_or("us-east-1", |region| region.as_ref());
        let mut bucket = Self::in_region(url, reading, region);
        // Any first question tells whether the bucket is elsewhere.
        if let Err(error) = bucket.page("", None).max_keys(1).prefix(&url.prefix).send().await {
            match region_of(&error).filter(|found| *found != region) {
                Some(found) => {
                    tracing::debug!("bucket `{}` is in {found}", url.bucket);
                    bucket = Self::in_region(url, reading, &found);
                }
                None => return Err(bucket.explain(&error)),
            }
        }
        let listings = bucket.plan(&url.prefix, &wanted).await?;
        Ok((bucket, listings))
    }

    fn in_region(url: &S3Url, reading: &Reading, region: &str) -> Self {
        let config = aws_sdk_s3::config::Builder::from(&reading.config)
            .region(Region::new(region.to_owned()))
            // A server of one's own has no name for each bucket.
            .force_path_style(reading.config.endpoint_url().is_some())
            .build();
        Self {
            name: url.bucket.clone(),
            client: Client::from_conf(config),
            region: region.to_owned(),
            options: reading.aws.clone(),
            prefix: url.prefix.clone(),
            shard: reading.shard,
        }
    }

    /// Whether an object is to be read: names with a dot in front are left out, as on disk, and so are folders made by hand.
    pub fn takes(&self, key: &str) -> bool {
        let name = key.rsplit('/').next().unwrap_or(key);
        let below = key.strip_prefix(&self.prefix).unwrap_or(key).trim_start_matches('/');
        let is_mine = self.shard.is_none_or(|shard| shard.takes(below));
        !name.is_empty() && !name.starts_with('.') && is_mine
    }

    /// A question for keys.
    pub fn page(&self, prefix: &str, token: Option<String>) -> ListObjectsV2FluentBuilder {
        let payer = self.options.request_payer.then_some(RequestPayer::Requester);
        let page = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        page.set_continuation_token(token).set_request_payer(payer)
    }

    /// Why keys could not be listed.
    pub fn explain(&self, error: &SdkError<ListObjectsV2Error>) -> RemoteErrorKind {
        kind_of(error, Call { action: "s3:ListBucket", region: &self.region })
    }

    /// Why an object could not be had.
    pub fn explain_get(&self, error: &SdkError<aws_sdk_s3::operation::get_object::GetObjectError>) -> RemoteErrorKind {
        match kind_of(error, Call { action: "s3:GetObject", region: &self.region }) {
            // S3 asks KMS as the caller, and hands on what it says.
            RemoteErrorKind::AccessDenied { said, .. } if said.contains("kms:") || said.contains("ciphertext") => {
                RemoteErrorKind::AccessDenied { action: "kms:Decrypt".to_owned(), said }
            }
            kind => kind,
        }
    }

    /// What to list: the tree's Regions, or everything where there is no tree.
    async fn plan(&self, prefix: &str, wanted: &Wanted) -> Result<Vec<Listing>, RemoteErrorKind> {
        let folder = if prefix.is_empty() || prefix.ends_with('/') { prefix.to_owned() } else { format!("{prefix}/") };
        let is_folder = folder == prefix || !self.children(&folder).await?.is_empty();
        if is_folder {
            let roots = match Level::of(&folder) {
                Some(Level::Elsewhere) => Vec::new(),
                Some(_) => vec![folder],
                None => self.roots(folder).await?,
            };
            if !roots.is_empty() {
                let mut listings = Vec::new();
                for root in roots {
                    listings.extend(self.descend(root, wanted).await?);
                }
                return Ok(listings);
            }
        }
        tracing::info!("no trail's folders under `s3://{}/{prefix}`: reading everything there", self.name);
        Ok(vec![Listing { prefix: prefix.to_owned(), start_after: None, end_before: None }])
    }

    /// Folders `AWSLogs/` below this one.
    async fn roots(&self, folder: String) -> Result<Vec<String>, RemoteErrorKind> {
        let mut roots = Vec::new();
        let mut folders = vec![folder];
        for _ in 0..DEEPEST {
            let mut deeper = Vec::new();
            for folder in folders {
                let children = self.children(&folder).await?;
                if children.len() <= MOST_CHILDREN {
                    let (found, others): (Vec<_>, Vec<_>) = children.into_iter().partition(|child| is_root(child));
                    roots.extend(found);
                    deeper.extend(others);
                }
            }
            if !roots.is_empty() || deeper.len() > MOST_CHILDREN {
                break;
            }
            folders = deeper;
        }
        Ok(roots)
    }

    /// The listings below a folder of the tree.
    async fn descend(&self, root: String, wanted: &Wanted) -> Result<Vec<Listing>, RemoteErrorKind> {
        let mut listings = Vec::new();
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            match Level::of(&folder) {
                Some(level @ (Level::Accounts | Level::Regions)) => {
                    let children = self.children(&folder).await?;
                    let takes = |child: &String| wanted.takes(level, name_of(&folder, child));
                    folders.extend(children.into_iter().filter(takes));
                }
                Some(Level::Account) => folders.extend(wanted.services(&folder)),
                Some(Level::Region) => listings.push(wanted.region(folder)),
                Some(Level::Day) => listings.extend(wanted.within(&folder)),
                Some(Level::Elsewhere) | None => {}
            }
        }
        listings.sort_by(|one, other| one.prefix.cmp(&other.prefix));
        Ok(listings)
    }

    /// The folders right below a folder, or its objects where there are no folders.
    async fn children(&self, folder: &str) -> Result<Vec<String>, RemoteErrorKind> {
        let mut children = Vec::new();
        let mut token = None;
        loop {
            let sent = self.page(folder, token).delimiter("/").send().await;
            let page: ListObjectsV2Output = sent.map_err(|error| self.explain(&error))?;
            children.extend(page.common_prefixes().iter().filter_map(|child| child.prefix()).map(str::to_owned));
            let is_last = children.len() > MOST_CHILDREN && Level::of(folder).is_none();
            match page.next_continuation_token {
                Some(next) if !is_last => token = Some(next),
                _ => return Ok(children),
            }
        }
    }
}

fn is_root(folder: &str) -> bool {
    folder == ROOT || folder.ends_with("/AWSLogs/")
}

/// The last part of a child's name.
fn name_of<'c>(folder: &str, child: &'c str) -> &'c str {
    child.strip_prefix(folder).unwrap_or(child).trim_end_matches('/')
}

/// S3 tells in which Region the bucket is, whatever else it answers.
fn region_of(error: &SdkError<ListObjectsV2Error>) -> Option<String> {
    error.raw_response()?.headers().get("x-amz-bucket-region").map(str::to_owned)
}
