//! Serde through `FromStr` and `Display`, for the values that are one string outside.

/// Implements `Serialize` and `Deserialize` through the type's text.
macro_rules! serde_through_text {
    ($($name:ty),+ $(,)?) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

serde_through_text!(
    super::Arn,
    super::ArnPattern,
    super::Action,
    super::ActionPattern,
    super::PrincipalArn,
    super::ConditionOperator,
);
