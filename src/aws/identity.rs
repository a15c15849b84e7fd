//! Who the credentials are.

use crate::model::{Error, ErrorClass, Region, Result};

use super::{Call, Clients};

/// The caller, as STS sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account, 12 digits.
    pub account: String,
    /// The ARN of the user or of the session of a role.
    pub arn: String,
    /// The partition: the second field of the ARN.
    pub partition: String,
}

impl Clients {
    /// Who the credentials are.
    ///
    /// # Errors
    /// Class `Credentials` if STS doesn't take them, or if they belong to another partition than `aws-cn`.
    pub async fn identity(&self) -> Result<Identity> {
        let answer = self.sts.get_caller_identity().send().await.call("sts:GetCallerIdentity")?;
        let (account, arn) = (answer.account().unwrap_or_default(), answer.arn().unwrap_or_default());
        let partition = arn.split(':').nth(1).unwrap_or_default();
        if partition != Region::PARTITION {
            return Err(Error::new(
                ErrorClass::Credentials,
                format!("the credentials are of partition `{partition}`, not of `{}`: {arn}", Region::PARTITION),
            )
            .hint("use credentials of an AWS China account: they are separate from accounts elsewhere")
            .hint("set AWS_PROFILE to a profile of such an account"));
        }
        Ok(Identity { account: account.into(), arn: arn.into(), partition: partition.into() })
    }

    /// The IAM ARN of a caller. A session's ARN lacks the path of its role, so IAM is asked; where that isn't allowed, a role without
    /// path is assumed.
    ///
    /// # Errors
    /// What the call says, except that it is denied.
    pub async fn principal_arn(&self, caller_arn: &str) -> Result<String> {
        let (role, arn) = principal(caller_arn);
        let Some(role) = role else { return Ok(arn) };
        let denied = ["AccessDenied", "AccessDeniedException", "NoSuchEntity"];
        let answer = self.iam.get_role().role_name(role).send().await.unless("iam:GetRole", &denied)?;
        Ok(answer.and_then(|a| a.role().map(|r| r.arn().to_owned())).unwrap_or(arn))
    }
}

/// The IAM principal of a caller: a session of an assumed role has the role's name but not its path, which is `None` here.
/// Returns the ARN as it is for users, and the role's name for sessions.
fn principal(caller_arn: &str) -> (Option<&str>, String) {
    let fields: Vec<&str> = caller_arn.splitn(6, ':').collect();
    match fields.as_slice() {
        [arn, partition, "sts", _, account, session] => match session.split('/').collect::<Vec<_>>().as_slice() {
            ["assumed-role", role, ..] => (Some(role), format!("{arn}:{partition}:iam::{account}:role/{role}")),
            _ => (None, caller_arn.to_owned()),
        },
        _ => (None, caller_arn.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::principal;

    #[test]
    fn a_session_becomes_its_role_and_a_user_stays() {
        let session = "arn:aws-cn:sts::111122223333:assumed-role/Admin/me";
        assert_eq!(principal(session), (Some("Admin"), "arn:aws-cn:iam::111122223333:role/Admin".into()));
        let user = "arn:aws-cn:iam::111122223333:user/ops/me";
        assert_eq!(principal(user), (None, user.into()));
    }
}
