//! The two questions that an Autodiscover service takes (pure).

use crate::ews::xml::Writer;

/// How a service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `GetUserSettings` at `…/autodiscover.svc`, since Exchange 2010. It alone tells which mailboxes may share a stream.
    Soap,
    /// Plain XML at `…/autodiscover.xml`; also Exchange 2007 and everybody else's.
    Pox,
}

impl Dialect {
    /// Returns what a recording calls the question.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Soap => "GetUserSettings",
            Self::Pox => "Autodiscover",
        }
    }
}

const SETTINGS: [&str; 5] =
    ["InternalEwsUrl", "ExternalEwsUrl", "CasVersion", "UserMSOnline", "GroupingInformation"];

const POX: [&str; 2] = [
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006",
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a",
];

/// Writes the question about an address. `url` is where it is sent, which SOAP wants to read again in the message.
pub fn body(dialect: Dialect, address: &str, url: &str) -> String {
    let (address, url) = (escaped(address), escaped(url));
    match dialect {
        Dialect::Pox => {
            let [request, response] = POX;
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Autodiscover xmlns=\"{request}\"><Request>\
                 <EMailAddress>{address}</EMailAddress>\
                 <AcceptableResponseSchema>{response}</AcceptableResponseSchema></Request></Autodiscover>"
            )
        }
        Dialect::Soap => {
            let settings = SETTINGS.map(|name| format!("<a:Setting>{name}</a:Setting>")).concat();
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
                 <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
                 xmlns:a=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\" \
                 xmlns:w=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
                 <a:RequestedServerVersion>Exchange2010_SP1</a:RequestedServerVersion>\
                 <w:Action>http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/GetUserSettings</w:Action>\
                 <w:To>{url}</w:To></s:Header><s:Body><a:GetUserSettingsRequestMessage><a:Request>\
                 <a:Users><a:User><a:Mailbox>{address}</a:Mailbox></a:User></a:Users>\
                 <a:RequestedSettings>{settings}</a:RequestedSettings>\
                 </a:Request></a:GetUserSettingsRequestMessage></s:Body></s:Envelope>"
            )
        }
    }
}

fn escaped(text: &str) -> String {
    let mut xml = Writer::new();
    xml.characters(text);
    xml.finish()
}

#[cfg(test)]
mod tests {
    use super::{Dialect, body};

    #[test]
    fn an_address_is_never_markup() {
        for dialect in [Dialect::Soap, Dialect::Pox] {
            let text = body(dialect, "a<b>&c@firma.example", "https://x/?a&b");
            assert!(text.contains(">a&lt;b&gt;&amp;c@firma.example<"), "{text}");
            assert!(roxmltree::Document::parse(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_settings_of_both_kinds_are_asked_for() {
        let soap =
            body(Dialect::Soap, "a@firma.example", "https://x/autodiscover/autodiscover.svc");
        let document = roxmltree::Document::parse(&soap).unwrap();
        let names: Vec<_> = document
            .descendants()
            .filter(|node| {
                node.has_tag_name((
                    "http://schemas.microsoft.com/exchange/2010/Autodiscover",
                    "Setting",
                ))
            })
            .filter_map(|node| node.text())
            .collect();
        assert!(names.contains(&"ExternalEwsUrl") && names.contains(&"GroupingInformation"));
        let pox = body(Dialect::Pox, "a@firma.example", "");
        let document = roxmltree::Document::parse(&pox).unwrap();
        assert_eq!(
            document.root_element().tag_name().namespace(),
            Some("http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006")
        );
    }
}
