//! Where an endpoint is, and what it is told in secret: from the environment alone, so that no plan, no record and no
//! sentence has it.

use crate::config::{Secret, Settings};
use crate::event::clean_line;
use crate::model::replay::parameters;

/// An endpoint.
#[derive(Clone, Debug)]
pub struct Address {
    /// As in the plan.
    url: String,
    /// With the parameters of `JETSCOPE_HTTP_QUERY`.
    whole: Secret,
    /// The value of the header `Authorization`.
    pub(super) authorization: Option<Secret>,
}

impl Address {
    /// Of this plan's address; `needs` are the parameters that were there when it was planned. The error says what of the
    /// environment is wrong or missing, and nothing that is secret.
    pub fn new(url: &str, needs: &[String], settings: &Settings) -> Result<Self, String> {
        let (authorization, query) = (settings.http_authorization(), settings.http_query());
        if authorization.as_ref().is_some_and(|value| !is_header(value.reveal())) {
            return Err(
                "JETSCOPE_HTTP_AUTHORIZATION has a character that no header can have: only printable ASCII".into()
            );
        }
        let query = query.as_ref().map_or("", |query| query.reveal().trim_start_matches(['?', '&']));
        if !is_header(query) || query.contains([' ', '#']) {
            return Err(
                "JETSCOPE_HTTP_QUERY is no query: it is written as name=value&name=value, percent-encoded".into()
            );
        }
        let has = parameters(query);
        if let Some(missing) = needs.iter().find(|name| !has.contains(name)) {
            let name = clean_line(missing);
            return Err(format!(
                "the endpoint was planned with the parameter {name}, which no plan keeps: set JETSCOPE_HTTP_QUERY={name}=…"
            ));
        }
        let sign = match (query.is_empty(), url.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        Ok(Self { url: url.to_owned(), whole: Secret::new(format!("{url}{sign}{query}")), authorization })
    }

    /// For a screen.
    pub(super) fn shown(&self) -> String {
        clean_line(&self.url).into_owned()
    }

    /// For the request alone.
    pub(super) fn reveal(&self) -> &str {
        self.whole.reveal()
    }
}

/// What the value of a header can be (RFC 9110, section 5.5).
fn is_header(value: &str) -> bool {
    value.bytes().all(|b| (0x20..0x7f).contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, Flags};

    fn address(url: &str, needs: &[&str], env: &[(&str, &str)]) -> Result<Address, String> {
        let settings = Settings::load(&Flags::default(), &Env::of(env.iter().copied())).unwrap();
        Address::new(url, &needs.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), &settings)
    }

    #[test]
    fn what_is_secret_comes_from_the_environment_and_is_shown_nowhere() {
        let secret = address("http://h/e", &["token"], &[("JETSCOPE_HTTP_QUERY", "token=hush&x=1")]).unwrap();
        assert_eq!((secret.reveal(), &*secret.shown()), ("http://h/e?token=hush&x=1", "http://h/e"));
        assert!(!format!("{secret:?}").contains("hush"));
        let more = address("http://h/e?y=2", &[], &[("JETSCOPE_HTTP_QUERY", "?token=hush")]).unwrap();
        assert_eq!(more.reveal(), "http://h/e?y=2&token=hush");
        let missing = address("http://h/e", &["token"], &[("JETSCOPE_HTTP_QUERY", "tok=hush")]).unwrap_err();
        assert!(missing.contains("JETSCOPE_HTTP_QUERY=token=…") && !missing.contains("hush"), "{missing}");
        for env in [("JETSCOPE_HTTP_AUTHORIZATION", "Bearer hü"), ("JETSCOPE_HTTP_QUERY", "a=b c")] {
            let wrong = address("http://h/e", &[], &[env]).unwrap_err();
            assert!(wrong.contains(env.0) && !wrong.contains(env.1), "{wrong}");
        }
    }
}
