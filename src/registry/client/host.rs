//! What is known of one registry: how it is logged in to, and until when it wants to be left alone.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};

use super::super::auth::{Challenge, Login, Logins, Token, Tokens};
use super::super::fault::{Fault, Outcome};
use super::transport::Transport;
use crate::model::{Error, ErrorClass, Secret};

/// After this a login is asked for again: those of ECR are good for twelve hours.
const LOGIN_AGE: Duration = Duration::from_secs(11 * 3600);

#[derive(Default)]
pub(super) struct Host {
    challenge: Mutex<Option<Challenge>>,
    /// The login that was given last, if there is one, and when; `None` before the first.
    login: tokio::sync::Mutex<Option<(Option<Login>, Instant)>>,
    tokens: Tokens,
    quiet_until: Mutex<Option<Instant>>,
    /// Uploads go in pieces: the registry refused one that came at once.
    pub in_pieces: AtomicBool,
    /// Blobs of other repositories can't be mounted.
    pub no_mount: AtomicBool,
}

/// What a request was authorised with.
pub(super) enum Used {
    Nothing,
    Password(Secret),
    Token { scope: String, text: Secret },
}

impl Host {
    /// Waits until the registry may be asked again.
    pub async fn quiet(&self) {
        loop {
            let until = *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => return,
            }
        }
    }

    /// The registry was asked too often: nobody asks it for a while.
    pub fn leave_alone(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut known = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(until, |known| known.max(until)));
    }

    fn challenge(&self) -> Option<Challenge> {
        self.challenge.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how the registry wants to be logged in to; true if that is new.
    pub fn challenged(&self, challenge: Challenge) -> bool {
        let mut known = self.challenge.lock().unwrap_or_else(PoisonError::into_inner);
        let new = known.as_ref() != Some(&challenge);
        *known = Some(challenge);
        new
    }

    /// True if it is known that there is no login.
    pub async fn settled(&self) -> bool {
        matches!(&*self.login.lock().await, Some((None, _)))
    }

    /// The login; asked for once, and again if the one that was used (`refused`) isn't taken.
    async fn login(&self, host: &str, logins: &dyn Logins, refused: Option<&Secret>) -> Outcome<Option<Login>> {
        let mut held = self.login.lock().await;
        let renew = match (&*held, refused) {
            (Some((Some(login), _)), Some(refused)) => login.password == *refused,
            (Some((_, since)), None) => since.elapsed() > LOGIN_AGE,
            _ => false,
        };
        if held.is_none() || renew {
            *held = Some((logins.login(host, renew).await?, Instant::now()));
        }
        Ok(held.as_ref().and_then(|(login, _)| login.clone()))
    }

    /// Drops what a request was refused with, so that the next one comes with something new.
    pub async fn refuse(&self, host: &str, logins: &dyn Logins, used: &Used) -> Outcome<()> {
        match used {
            Used::Nothing => {}
            Used::Password(refused) => drop(self.login(host, logins, Some(refused)).await?),
            Used::Token { scope, text } => self.tokens.refuse(scope, text).await,
        }
        Ok(())
    }

    /// Authorises a request for scopes, as the registry wants it as far as that is known.
    pub async fn authorise(
        &self,
        host: &str,
        scope: &str,
        logins: &dyn Logins,
        transport: &Transport,
        headers: &mut HeaderMap,
    ) -> Outcome<Used> {
        match self.challenge() {
            None => Ok(Used::Nothing),
            Some(Challenge::Basic) => match self.login(host, logins, None).await? {
                None => Ok(Used::Nothing),
                Some(login) => {
                    headers.insert(AUTHORIZATION, basic(&login)?);
                    Ok(Used::Password(login.password))
                }
            },
            Some(Challenge::Bearer { realm, service, .. }) => {
                let fetch = || self.fetch(host, &realm, service.as_deref(), scope, logins, transport);
                let text = self.tokens.get(scope, fetch).await?;
                headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {}", text.expose()))?);
                Ok(Used::Token { scope: scope.to_owned(), text })
            }
        }
    }

    async fn fetch(
        &self,
        host: &str,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        logins: &dyn Logins,
        transport: &Transport,
    ) -> Outcome<Token> {
        let doing = format!("cannot get a token for {host}");
        let wrong =
            |why: &str| Fault::from(Error::new(ErrorClass::Credentials, doing.clone()).caused_by(why.to_owned()));
        let mut url = reqwest::Url::parse(realm).map_err(|_| wrong("the registry names no address for tokens"))?;
        let at = super::transport::authority(url.as_str())?;
        // Otherwise a registry could make us tell a password to everybody on the way.
        if url.scheme() != "https" && !(transport.may_be_plain(host) && transport.may_be_plain(&at)) {
            return Err(wrong("the registry wants the password sent without TLS"));
        }
        let mut refused = None;
        loop {
            let login = self.login(host, logins, refused.as_ref()).await?;
            let mut headers = HeaderMap::new();
            let identity = login.as_ref().and_then(|login| login.identity_token.clone());
            let request = if let Some(token) = &identity {
                let mut form = reqwest::Url::parse("http://form/").map_err(|_| wrong("no form"))?;
                form.query_pairs_mut()
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", "kfctl-cn")
                    .append_pair("service", service.unwrap_or(host))
                    .append_pair("scope", scope)
                    .append_pair("refresh_token", token.expose());
                headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
                let body = form.query().unwrap_or_default().to_owned();
                transport.request(Method::POST, url.as_str(), headers)?.body(body)
            } else {
                if let Some(login) = &login {
                    headers.insert(AUTHORIZATION, basic(login)?);
                }
                url.query_pairs_mut().clear();
                url.set_query(reqwest::Url::parse(realm).ok().as_ref().and_then(reqwest::Url::query));
                if let Some(service) = service {
                    url.query_pairs_mut().append_pair("service", service);
                }
                for scope in scope.split(' ') {
                    url.query_pairs_mut().append_pair("scope", scope);
                }
                transport.request(Method::GET, url.as_str(), headers)?
            };
            let answer = transport.send(&doing, request).await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let body = answer.bytes().await.map_err(|error| Fault::of_transport(&doing, error))?;
            match status {
                200 => return Token::parse(&body).ok_or_else(|| wrong("the token server's answer holds none")),
                401 | 403 if refused.is_none() && login.is_some() => refused = login.map(|login| login.password),
                _ => return Err(Fault::of_answer(&doing, status, &headers, &body)),
            }
        }
    }
}

fn basic(login: &Login) -> Outcome<HeaderValue> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{}:{}", login.user, login.password.expose()))))
}

/// A header that is never shown.
fn sensitive(text: &str) -> Outcome<HeaderValue> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::new(ErrorClass::Credentials, "the registry's token has characters that no header takes"))?;
    value.set_sensitive(true);
    Ok(value)
}
