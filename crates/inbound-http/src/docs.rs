//! `/docs`: the API document for people, on one page that loads nothing from anywhere else.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::{Html, IntoResponse, Response};

/// The page. It reads `/api/openapi.json` from the same host and shows it.
const PAGE: &str = include_str!("docs.html");

/// Nothing may be loaded but the document and nothing may run but the page's own script, whatever the document says. The
/// hashes are those of the script and the style in the page; a test tells the new ones.
const POLICY: &str = "default-src 'none'; connect-src 'self'; \
                      script-src 'sha256-ionGMyLDhmpsSkdWqMhjKDlJlkP/xBSFBzfGCJxsEgM='; \
                      style-src 'sha256-zWsspQQkJQYx4NvYoCJRDuiL4U2DeCbUC+s8aWEHcJk='; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /docs`
pub(crate) async fn page() -> Response {
    let mut response = Html(PAGE).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_allows_the_pages_own_script_and_style_and_no_other() {
        for tag in ["script", "style"] {
            let (_, rest) = PAGE.split_once(&format!("<{tag}>")).unwrap();
            let (inner, _) = rest.split_once(&format!("</{tag}>")).unwrap();
            let source = format!("{tag}-src 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(inner)));
            assert!(POLICY.contains(&source), "{source}");
        }
        assert!(!POLICY.contains("unsafe"));
        assert!(!PAGE.contains("style=") && !PAGE.contains("onclick="), "inline attributes have no hash");
    }
}
