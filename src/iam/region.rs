//! Regions of global services.

/// The Region of the partition's global services such as IAM, seen from one of its Regions: their calls are made and logged
/// there (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion>).
pub fn global_region(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "cn-north-1",
        _ if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}
