//! What an Autodiscover service answers, POX or SOAP (pure).
//!
//! One reader for both, because a server may answer a request of one kind in the words of the other, and because what
//! comes back is the word of a host that may be anybody's: it is bounded, and nothing in it is believed here.

use crate::ews::error::ReplyError;
use crate::ews::xml::reader::{Handler, Limits, PushReader, Tag};
use crate::ews::xml::text::TextBuffer;
use crate::ews::xml::tree::{Element, Node, Tree};

/// The most bytes that an answer may have. Real ones have some ten thousand, with a policy for mobile devices in them.
pub const LONGEST: usize = 1 << 20;

/// The most elements that an answer may have.
const MOST: usize = 20_000;

const LIMITS: Limits = Limits { depth: 32, token: 64 << 10, part: LONGEST };

/// What the service says about an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Where the mailbox is.
    Settings(Endpoints),
    /// The mailbox has another address; ask again with that one. It does not change who logs in.
    RedirectAddress(String),
    /// Another service knows.
    RedirectUrl(String),
    /// The service says no.
    Refused {
        /// The code: a word of SOAP (`InvalidUser`), a number of POX (`500`), or a SOAP fault's.
        code: String,
        /// In words, in the language of the server: for people only.
        text: Option<String>,
    },
}

/// Where a mailbox is, as its server says. The addresses are not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// The address for use inside the network (`EXCH`, `InternalEwsUrl`).
    pub internal: Option<String>,
    /// The address for use from outside (`EXPR`, `EXHTTP`, `ExternalEwsUrl`).
    pub external: Option<String>,
    /// Mailboxes with the same value may share a stream (`GroupingInformation`, 2013 and later).
    pub grouping: Option<String>,
    /// The version of the server that answered (`CasVersion`, SOAP only).
    pub server: Option<String>,
    /// The service says itself that the mailbox is in Exchange Online.
    pub online: bool,
}

/// Reads an answer; whatever the bytes are, it ends with a value or an error.
///
/// # Errors
///
/// When the document is no XML, too large, cut off, or neither kind of answer.
pub fn read(bytes: &[u8]) -> Result<Answer, ReplyError> {
    if bytes.len() > LONGEST {
        return Err(ReplyError::TooLarge {
            offset: LONGEST as u64,
            limit: "an Autodiscover answer",
        });
    }
    let mut collector = Collector::default();
    let mut reader = PushReader::new(LIMITS);
    reader.feed(bytes, &mut collector)?;
    reader.finish()?;
    let root = collector.tree.root().ok_or(ReplyError::Empty)?;
    match root.node.name.as_str() {
        "Autodiscover" => pox(root),
        "Envelope" => soap(root),
        other => Err(ReplyError::NotSoap { found: other.chars().take(80).collect() }),
    }
}

/// `Autodiscover/Response/{Account|Error}`; an error that comes before the mailbox was looked for stands one step higher.
fn pox(root: Element<'_>) -> Result<Answer, ReplyError> {
    let response = root.child("Response").ok_or(ReplyError::Empty)?;
    if let Some(error) = response.child("Error").or_else(|| root.child("Error")) {
        return Ok(refused(error, "ErrorCode", "Message"));
    }
    let account = response.child("Account").ok_or(ReplyError::Empty)?;
    let redirected = |element: &str| account.owned_text_of(element).ok_or(lacks("redirect target"));
    match account.text_of("Action") {
        Some("redirectAddr") => redirected("RedirectAddr").map(Answer::RedirectAddress),
        Some("redirectUrl") => redirected("RedirectUrl").map(Answer::RedirectUrl),
        Some("error") => {
            Ok(refused(account.child("Error").unwrap_or(account), "ErrorCode", "Message"))
        }
        _ => Ok(Answer::Settings(protocols(account))),
    }
}

/// The protocols directly below the account; those below `WEB` are about Outlook on the web.
fn protocols(account: Element<'_>) -> Endpoints {
    let mut found = Endpoints {
        online: account.text_of("MicrosoftOnline").is_some_and(is_true),
        ..Endpoints::default()
    };
    for protocol in account.children().filter(|child| child.node.name == "Protocol") {
        // 2007 has only `ASUrl`, which is the same service.
        let url = protocol.owned_text_of("EwsUrl").or_else(|| protocol.owned_text_of("ASUrl"));
        let kind = protocol
            .owned_text_of("Type")
            .or_else(|| protocol.node.attribute("Type").map(str::to_owned));
        let slot = match kind.as_deref() {
            Some("EXCH") => &mut found.internal,
            // Only here is a group of streams told (Microsoft, "GroupingInformation (POX)").
            Some("EXPR") => {
                if found.grouping.is_none() {
                    found.grouping = protocol.owned_text_of("GroupingInformation");
                }
                &mut found.external
            }
            // `EXHTTP` comes once for inside and once for outside, without a word that tells them apart; `EXPR` comes first.
            Some("EXHTTP") => &mut found.external,
            _ => continue,
        };
        if slot.is_none() {
            *slot = url;
        }
    }
    found
}

/// `Envelope/Body/{GetUserSettingsResponseMessage/Response|Fault}`.
fn soap(root: Element<'_>) -> Result<Answer, ReplyError> {
    let body = root.child("Body").ok_or(ReplyError::Empty)?;
    if let Some(fault) = body.child("Fault") {
        let code = fault.owned_text_of("faultcode").unwrap_or_else(|| "Fault".to_owned());
        return Ok(Answer::Refused { code, text: fault.owned_text_of("faultstring") });
    }
    let message = body.child("GetUserSettingsResponseMessage").ok_or(ReplyError::Empty)?;
    let response = message.child("Response").ok_or(ReplyError::Empty)?;
    if response.text_of("ErrorCode").is_some_and(|code| code != "NoError") {
        return Ok(refused(response, "ErrorCode", "ErrorMessage"));
    }
    let users = response.child("UserResponses").ok_or(lacks("user"))?;
    let user = users.child("UserResponse").ok_or(lacks("user"))?;
    let target = || user.owned_text_of("RedirectTarget").ok_or(lacks("redirect target"));
    match user.text_of("ErrorCode") {
        None | Some("NoError") => Ok(Answer::Settings(settings(user))),
        Some("RedirectAddress") => target().map(Answer::RedirectAddress),
        Some("RedirectUrl") => target().map(Answer::RedirectUrl),
        Some(_) => Ok(refused(user, "ErrorCode", "ErrorMessage")),
    }
}

fn settings(user: Element<'_>) -> Endpoints {
    let mut found = Endpoints::default();
    let entries = user.child("UserSettings").into_iter().flat_map(Element::children);
    for (name, value) in
        entries.filter_map(|e| Some((e.text_of("Name")?, e.owned_text_of("Value")?)))
    {
        match name {
            "InternalEwsUrl" => found.internal = Some(value),
            "ExternalEwsUrl" => found.external = Some(value),
            "GroupingInformation" => found.grouping = Some(value),
            "CasVersion" => found.server = Some(value),
            "UserMSOnline" => found.online = is_true(&value),
            _ => {}
        }
    }
    found
}

fn refused(error: Element<'_>, code: &str, text: &str) -> Answer {
    Answer::Refused {
        code: error.owned_text_of(code).unwrap_or_else(|| "error".to_owned()),
        text: error.owned_text_of(text),
    }
}

const fn lacks(what: &'static str) -> ReplyError {
    ReplyError::Lacks { message: 0, what }
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

/// Builds the tree of a whole document, which is short.
#[derive(Default)]
struct Collector {
    tree: Tree,
    /// The texts of the open elements, outermost first.
    texts: Vec<TextBuffer>,
    nodes: usize,
}

impl Handler for Collector {
    fn start(&mut self, element: &Tag<'_>, offset: u64) -> Result<(), ReplyError> {
        self.nodes += 1;
        if self.nodes > MOST {
            return Err(ReplyError::TooLarge {
                offset,
                limit: "elements of an Autodiscover answer",
            });
        }
        self.tree.push(Node::of(element, self.texts.len()));
        self.texts.push(TextBuffer::default());
        Ok(())
    }

    fn text(&mut self, raw: &str, _: u64) -> Result<(), ReplyError> {
        if let Some(text) = self.texts.last_mut() {
            text.fragment(raw);
        }
        Ok(())
    }

    fn reference(&mut self, name: &str) {
        if let Some(text) = self.texts.last_mut() {
            text.reference(name);
        }
    }

    fn end(&mut self) {
        if let Some(mut text) = self.texts.pop() {
            self.tree.set_text(self.texts.len(), text.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pox(account: &str) -> Result<Answer, ReplyError> {
        let open = "<Autodiscover xmlns='http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006'>\
                    <Response xmlns='http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a'>";
        read(format!("{open}{account}</Response></Autodiscover>").as_bytes())
    }

    fn user(user: &str) -> Result<Answer, ReplyError> {
        read(
            format!(
                "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>\
                 <GetUserSettingsResponseMessage xmlns='http://schemas.microsoft.com/exchange/2010/Autodiscover'>\
                 <Response><ErrorCode>NoError</ErrorCode><UserResponses><UserResponse>{user}</UserResponse>\
                 </UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>"
            )
            .as_bytes(),
        )
    }

    #[test]
    fn pox_settings_name_both_sides() {
        // notes.md §1.1: EXCH is inside, EXPR outside; the protocols below WEB are Outlook on the web's.
        let answer = pox(
            "<Account><Action>settings</Action><MicrosoftOnline>False</MicrosoftOnline>\
             <Protocol><Type>EXCH</Type><EwsUrl> https://in.firma.example/EWS/Exchange.asmx </EwsUrl></Protocol>\
             <Protocol><Type>WEB</Type><Internal><Protocol><Type>EXCH</Type><ASUrl>https://web/</ASUrl></Protocol></Internal></Protocol>\
             <Protocol><Type>EXPR</Type><ASUrl>https://out.firma.example/EWS/Exchange.asmx</ASUrl>\
             <GroupingInformation>site-1</GroupingInformation></Protocol></Account>",
        );
        let Ok(Answer::Settings(found)) = answer else { panic!("{answer:?}") };
        assert_eq!(found.internal.as_deref(), Some("https://in.firma.example/EWS/Exchange.asmx"));
        assert_eq!(found.external.as_deref(), Some("https://out.firma.example/EWS/Exchange.asmx"));
        assert_eq!(found.grouping.as_deref(), Some("site-1"), "GroupingInformation (POX)");
        assert!(!found.online);
    }

    #[test]
    fn soap_settings_bring_the_group_of_streams() {
        let setting = |name: &str, value: &str| {
            format!("<UserSetting><Name>{name}</Name><Value>{value}</Value></UserSetting>")
        };
        let settings = [
            setting("InternalEwsUrl", "https://in/"),
            setting("GroupingInformation", "site-1"),
            setting("CasVersion", "15.02.1544.004"),
            setting("SomethingNew", "x"),
        ];
        let answer = user(&format!(
            "<ErrorCode>NoError</ErrorCode><UserSettings>{}</UserSettings>",
            settings.concat()
        ));
        let Ok(Answer::Settings(found)) = answer else { panic!("{answer:?}") };
        assert_eq!(
            found,
            Endpoints {
                internal: Some("https://in/".to_owned()),
                external: None,
                grouping: Some("site-1".to_owned()),
                server: Some("15.02.1544.004".to_owned()),
                online: false,
            }
        );
    }

    #[test]
    fn redirects_and_refusals_are_answers() {
        let address = Ok(Answer::RedirectAddress("e@neu.example".to_owned()));
        assert_eq!(
            pox(
                "<Account><Action>redirectAddr</Action><RedirectAddr>e@neu.example</RedirectAddr></Account>"
            ),
            address
        );
        assert_eq!(
            user(
                "<ErrorCode>RedirectAddress</ErrorCode><RedirectTarget>e@neu.example</RedirectTarget>"
            ),
            address
        );
        assert_eq!(
            user(
                "<ErrorCode>RedirectUrl</ErrorCode><RedirectTarget>https://x/autodiscover/autodiscover.svc</RedirectTarget>"
            ),
            Ok(Answer::RedirectUrl("https://x/autodiscover/autodiscover.svc".to_owned()))
        );
        // [MS-OXDSCLI] 2.2.4.1.1.3: an error has a number and a message.
        let error = pox(
            "<Error Time='08:00' Id='1'><ErrorCode>500</ErrorCode><Message>Die E-Mail-Adresse wurde nicht gefunden.</Message></Error>",
        );
        assert_eq!(
            error,
            Ok(Answer::Refused {
                code: "500".to_owned(),
                text: Some("Die E-Mail-Adresse wurde nicht gefunden.".to_owned())
            })
        );
        assert!(
            matches!(user("<ErrorCode>InvalidUser</ErrorCode>"), Ok(Answer::Refused { code, .. }) if code == "InvalidUser")
        );
        assert!(
            pox("<Account><Action>redirectAddr</Action></Account>").is_err(),
            "a redirect to nowhere"
        );
    }

    #[test]
    fn exchange_online_gives_itself_away() {
        assert!(matches!(
            pox(
                "<Account><Action>settings</Action><MicrosoftOnline>True</MicrosoftOnline></Account>"
            ),
            Ok(Answer::Settings(Endpoints { online: true, .. }))
        ));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in [
            "",
            "<html><body>Willkommen</body></html>",
            "<!DOCTYPE html><html/>",
            "<Autodiscover/>",
            "Not Found",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        let long =
            format!("<Autodiscover><Response>{}</Response></Autodiscover>", "<a/>".repeat(MOST));
        assert!(matches!(read(long.as_bytes()), Err(ReplyError::TooLarge { .. })));
        assert!(matches!(read(&vec![b' '; LONGEST + 1]), Err(ReplyError::TooLarge { .. })));
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        assert!(matches!(read(deep.as_bytes()), Err(ReplyError::TooLarge { .. })));
    }
}
