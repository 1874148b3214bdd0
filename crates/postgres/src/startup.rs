//! Letting a client in: the API key as password, the database as scope.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use meta::Meta;
use pgwire::api::auth::cleartext::CleartextPasswordAuth;
use pgwire::api::auth::mechanism::AuthMechanismFactory;
use pgwire::api::auth::{
    AuthDriver, AuthOutcome, AuthSource, LoginInfo, Password, ServerParameterProvider,
    StartupHandler, protocol_negotiation, save_startup_parameters_to_metadata,
};
use pgwire::api::{ClientInfo, ConnectionManager};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use query::Scope;
use schema::AppId;

use crate::error::{self, fatal, hinted};
use crate::session::Session;

/// The database that is the whole workspace; any other is an application.
const WORKSPACE: &str = "footfall";

/// Checks passwords.
struct Keys {
    meta: Meta,
}

impl Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keys").finish_non_exhaustive()
    }
}

#[async_trait]
impl AuthSource<Session> for Keys {
    async fn get_password(&self, login: &LoginInfo) -> PgWireResult<Password> {
        // Only hashes of keys are kept: none can be given.
        Err(wrong_key(login))
    }

    async fn verify_password(
        &self,
        login: &LoginInfo,
        presented: &[u8],
    ) -> PgWireResult<Option<Session>> {
        let key = std::str::from_utf8(presented).unwrap_or_default();
        if self.meta.authenticate(key).is_none() {
            return Err(wrong_key(login));
        }
        let user = login.user().unwrap_or_default().to_owned();
        let database = login.database().unwrap_or(&user).to_owned();
        let scope = self.scope_of(&database)?;
        Ok(Some(Session::new(key.to_owned(), scope, user, database)))
    }
}

fn wrong_key(login: &LoginInfo) -> PgWireError {
    let user = login.user().unwrap_or_default();
    let message = format!("password authentication failed for user \"{user}\"");
    hinted(
        fatal(error::INVALID_PASSWORD, message),
        "The password is an API key of Footfall; the user can be any name.",
    )
}

impl Keys {
    fn scope_of(&self, database: &str) -> PgWireResult<Scope> {
        if database == WORKSPACE {
            return Ok(Scope::workspace());
        }
        let found = AppId::parse(database).ok();
        let found = found.filter(|app_id| self.meta.application(app_id).is_ok());
        match found {
            Some(app_id) => Ok(Scope {
                app_ids: Some(vec![app_id.to_string()]),
            }),
            None => Err(hinted(
                fatal(
                    error::UNKNOWN_DATABASE,
                    format!("database \"{database}\" does not exist"),
                ),
                "Name the id of an application, or `footfall` for all of them.",
            )),
        }
    }
}

/// What a client is told of the server: its session's settings.
struct Told;

impl ServerParameterProvider for Told {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<HashMap<String, String>> {
        let session = client.session_extensions().get::<Session>()?;
        Some(session.reported().into_iter().collect())
    }
}

/// Runs the first messages of a connection.
pub(crate) struct Startup {
    driver: AuthDriver<Told, Session>,
    passwords: CleartextPasswordAuth<Keys>,
}

impl Startup {
    pub(crate) fn new(meta: Meta, connections: Arc<ConnectionManager>) -> Self {
        Self {
            driver: AuthDriver::new(Told).with_connection_manager(connections),
            passwords: CleartextPasswordAuth::new(Arc::new(Keys { meta })),
        }
    }
}

#[async_trait]
impl StartupHandler for Startup {
    async fn on_startup<C>(
        &self,
        client: &mut C,
        message: PgWireFrontendMessage,
    ) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(startup) => {
                protocol_negotiation(client, &startup).await?;
                save_startup_parameters_to_metadata(client, &startup);
                if startup.parameters.contains_key("replication") {
                    let message = "replication is not supported";
                    return Err(fatal(error::NOT_SUPPORTED, message));
                }
                let mechanism = self.passwords.create();
                self.driver.begin_authentication(client, mechanism).await?;
                Ok(client.flush().await?)
            }
            PgWireFrontendMessage::PasswordMessageFamily(message) => {
                let outcome = self.driver.advance_authentication(client, message).await?;
                let AuthOutcome::Authenticated {
                    identity: Some(session),
                    final_message,
                } = outcome
                else {
                    return Ok(());
                };
                for (name, value) in wished(client.metadata()) {
                    session.set(&name, &value)?;
                }
                client.session_extensions().insert(session);
                self.driver
                    .complete_authentication(client, final_message)
                    .await
            }
            _ => Err(fatal(error::PROTOCOL, "a password is expected")),
        }
    }
}

/// Settings that a client may bring along with its first message.
fn wished(told: &HashMap<String, String>) -> Vec<(String, String)> {
    let taken = [
        "application_name",
        "extra_float_digits",
        "statement_timeout",
    ];
    let found = taken
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), told.get(*name)?.clone())));
    found.collect()
}
