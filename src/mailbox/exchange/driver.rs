//! Effect: drives a lane on the very thread that waits for it. A runtime with threads of its own would hand each piece of an answer
//! from one thread to another, and the system would have to wake one for each.

use std::fmt;
use std::future::Future;

use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

use crate::ews::EwsError;
use crate::ews::error::ConnectError;

/// What drives one lane; nothing happens on it between two calls.
pub(super) struct Driver {
    /// Where the lane leads, to say so.
    authority: String,
    runtime: Option<Runtime>,
}

impl Driver {
    /// Makes one for a lane that leads there; what it takes of the system it takes with the first call.
    pub(super) const fn new(authority: String) -> Self {
        Self { authority, runtime: None }
    }

    /// Waits for something.
    ///
    /// # Errors
    ///
    /// Those of what is waited for; and where the system gives nothing to wait with, such as at the limit of open files.
    pub(super) fn wait<T>(
        &mut self,
        work: impl Future<Output = Result<T, EwsError>>,
    ) -> Result<T, EwsError> {
        let runtime = match &mut self.runtime {
            Some(runtime) => runtime,
            none => {
                let made = Builder::new_current_thread().enable_io().enable_time().build();
                none.insert(made.map_err(|error| ConnectError::Tcp {
                    authority: self.authority.clone(),
                    problem: error.to_string(),
                })?)
            }
        };
        runtime.block_on(async {
            // What came since the last call is taken in first: nothing is sent over a connection that the server has closed.
            yield_now().await;
            yield_now().await;
            work.await
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A name that is still being looked up holds nobody up.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("authority", &self.authority).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc;
    use std::thread;

    use super::Driver;
    use crate::ews::ServerVersion;
    use crate::ews::envelope::Header;
    use crate::ews::operation::folder::DistinguishedFolder;
    use crate::ews::operation::get_folder::GetFolder;
    use crate::ews::transport::{Endpoint, Login, Password, PlainHttp, Settings, Timeouts, Trust};

    const ANSWER: &str = "<s:Envelope><s:Body><m:GetFolderResponse><m:ResponseMessages>\
        <m:GetFolderResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>\
        <m:Folders><t:TasksFolder><t:FolderId Id=\"f\"/></t:TasksFolder></m:Folders></m:GetFolderResponseMessage>\
        </m:ResponseMessages></m:GetFolderResponse></s:Body></s:Envelope>";

    #[test]
    fn nothing_is_sent_over_a_connection_that_was_closed_between_two_calls() {
        // A request that goes out on such a one is lost, and nobody knows what became of it.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let (sender, closed) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().take(3) {
                let mut stream = stream.unwrap();
                let (mut request, mut piece) = (Vec::new(), [0; 4096]);
                while !request.ends_with(b"</s:Envelope>") {
                    let length = stream.read(&mut piece).unwrap();
                    request.extend_from_slice(&piece[..length]);
                }
                let length = ANSWER.len();
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{ANSWER}")
                    .unwrap();
                drop(stream);
                sender.send(()).unwrap();
            }
        });
        let endpoint = Endpoint::parse(&format!("http://{authority}/"), PlainHttp::OnLoopback);
        let login = Login::Basic { user: "eva".to_owned(), password: Password::new("geheim") };
        let settings =
            Settings::new(endpoint.unwrap(), &login, &Trust::System, Timeouts::default()).unwrap();
        let (mut lane, mut driver) = (settings.lane(), Driver::new(authority));
        let header = Header::new(ServerVersion::V2016);
        for _ in 0..3 {
            let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
            let folders = driver.wait(lane.all(operation, &header)).unwrap();
            assert_eq!(folders.len(), 1);
            closed.recv().unwrap();
        }
    }
}
