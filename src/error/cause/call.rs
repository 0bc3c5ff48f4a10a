//! What to do about a call, a setting or a limit of the process.

use super::Cause;

/// Why a call of the application cannot be answered.
#[derive(Clone, Debug)]
pub(crate) enum CallCause {
    /// A port outside the range.
    Port,
    /// The process has as many open files as it may have.
    OpenFiles,
    /// The machine has as many open files as it can have.
    OpenFilesOfMachine,
    /// The process may not watch more descriptors (epoll).
    Watches,
    /// There is no memory, or none for sockets.
    Memory,
    /// No more threads may be started.
    Threads,
    /// The system refuses random numbers.
    Random,
    /// A descriptor was closed before its connection was freed.
    ClosedDescriptor,
    /// A socket that is no stream.
    NotAStream,
    /// A descriptor that is no socket.
    NotASocket,
    /// A socket that listens.
    Listening,
    /// A socket that was never connected.
    Unconnected,
    /// A socket whose connect() has failed.
    FailedConnect,
    /// Two threads in one direction of a connection.
    OneThreadEach,
    /// A blocking call has a question, and there is no validator.
    NoValidator,
    /// A question, and no terminal to show it on.
    NoTerminal(Topic),
    /// Three lines on the terminal, and none was an answer; or its end.
    NoAnswer,
    /// A validator that did not return.
    LostValidator,
    /// Nobody answered in time.
    LateAnswer,
    /// As many questions about clients are open as may be.
    OpenQuestions,
    /// What was asked about is not there any longer.
    AskAgain,
    /// The question ended because its client hung up.
    ClientHungUp,
    /// An empty pattern for distinguished names.
    EmptyPattern,
    /// An empty identity.
    EmptyIdentity,
    /// What is no pattern for names of servers.
    NamePattern,
    /// A list of groups or suites with a wrong name; the names that there are.
    AlgorithmName(String),
    /// A version without a group or a suite: what is missing, and the version.
    NoAlgorithm(&'static str, &'static str),
    /// One file for known servers and known clients.
    SharedStore,
    /// A directory without a PEM file.
    NoPemFile,
    /// The context changed while its files were read.
    ReloadAgain,
    /// A file with no secret for tickets.
    TicketSecret,
    /// A list that is older than the one in force.
    ListRollback,
    /// A peer that has another identity now.
    OtherIdentity,
    /// A peer that is slow to send or to take.
    SlowPeer,
    /// A peer that takes nothing before it is read from.
    ReadOn,
    /// A list of names of protocols with a blank or an empty name.
    ProtocolNames,
    /// An answer that says that there will be one.
    AnswerLater,
    /// A function of the application that is called for each entry of a list returned a failure.
    EndOfList,
    /// What needs a handshake that is complete.
    Incomplete,
    /// What needs a peer that was admitted.
    NotAdmitted,
    /// A call for connections over memory, with another one.
    NotOverMemory,
    /// A call for connections over the caller's descriptor, with another one.
    NotYourDescriptor,
    /// A verify name for a connection that accepts.
    ServerHasNoName,
    /// A verify name after the handshake has begun.
    LateName,
    /// A connection that has ended, or was shut down.
    ConnectionOver,
    /// A validator that uses its own connection.
    OwnValidator,
    /// A thread that waits for its own answer.
    OwnQuestion,
    /// A connection in a child process.
    ForkedConnection,
    /// A question in a child process.
    ForkedQuestion,
    /// What is no host.
    Host,
}

/// What a question that nobody saw is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A new server that an authority vouches for.
    NewServer,
    /// A server that has a problem, or another certificate.
    Server,
    /// A client.
    Client,
}

impl Cause for CallCause {
    fn hint(&self) -> String {
        match self {
            Self::Port => "ports are 1 to 65535",
            Self::OpenFiles => "close connections that are no longer needed, or raise the limit of open files of this process (ulimit -n, LimitNOFILE= in a unit of systemd)",
            Self::OpenFilesOfMachine => "all programs of this machine together have as many files open as it allows (sysctl fs.file-max): look for the one that has too many",
            Self::Watches => "the user of this process watches as many descriptors as the machine allows: raise the limit with sysctl fs.epoll.max_user_watches",
            Self::Memory => "this machine, or the container of this process, has no memory left: look for what uses it, or raise the limit",
            Self::Threads => "raise the limit of threads of this user or container (ulimit -u, TasksMax= in a unit of systemd), or connect to an IP address, which needs no thread",
            Self::Random => "a filter for system calls (seccomp) must allow getrandom()",
            Self::ClosedDescriptor => "keep a descriptor open until its connection is freed with tlsconn_conn_free()",
            Self::NotAStream => "pass a connected TCP or UNIX stream socket",
            Self::NotASocket => "for a pipe or a file use a connection over memory: tlsconn_connect_mem(), tlsconn_accept_mem()",
            Self::Listening => "pass the descriptor that accept() returned",
            Self::Unconnected => "connect the socket first; a connect() that is still under way is waited for",
            Self::FailedConnect => "after connect() has finished, check SO_ERROR before you pass the socket on",
            Self::OneThreadEach => "one thread may read while another one writes; let a second reader or writer wait for the first",
            Self::NoValidator => "set a validator with tlsconn_ctx_set_validator(), or use a non-blocking connection and answer its question",
            Self::NoTerminal(topic) => return no_terminal(*topic),
            Self::NoAnswer => "connect again, and type one of the words that the question offers",
            Self::LostValidator => "the application's validator ended its thread or jumped out of the call: it must return an answer",
            Self::LateAnswer => "connect again and answer sooner, or allow more time with TLSCONN_OPT_ANSWER_TIMEOUT_MS",
            Self::OpenQuestions => "answer the open questions, or shorten TLSCONN_OPT_ANSWER_TIMEOUT_MS",
            Self::AskAgain => "connect again to be asked about the certificate that it presents now",
            Self::ClientHungUp => "an answer for the session, or for always, counts when it connects again",
            Self::EmptyPattern => "pass NULL instead of a pattern to set an empty list, which allows nobody",
            Self::EmptyIdentity => "pass NULL instead of an identity to set an empty list, which allows nobody",
            Self::NamePattern => "a pattern is a DNS name such as a.example, or *.example for names with one more label",
            Self::AlgorithmName(exist) => {
                return format!("separate the names with commas, without spaces; the names are {exist}");
            }
            Self::NoAlgorithm(what, version) => {
                return format!(
                    "add a {what} of {version}, or first set TLSCONN_OPT_MIN_VERSION and TLSCONN_OPT_MAX_VERSION so that {version} is not used"
                );
            }
            Self::SharedStore => "name another file for the clients: tlsconn_ctx_set_known_client_file()",
            Self::NoPemFile => "files are chosen by their extension: .pem, .crt, .cer, .crl or .key",
            Self::ReloadAgain => "call tlsconn_ctx_reload() again",
            Self::TicketSecret => "make one with: openssl rand -out FILE 64",
            Self::ListRollback => "put a list into the file that is as new as the one in force, has the same signer, covers as many certificates, and is valid already",
            Self::OtherIdentity => "close this connection: its client would have another identity if it connected now",
            Self::SlowPeer => "the connection is as it was: make the call again to wait longer, or allow more time with TLSCONN_OPT_IO_TIMEOUT_MS",
            Self::ReadOn => "the peer sends, and may take nothing until that is read: call tlsconn_conn_read()",
            Self::ProtocolNames => "separate the names with commas, without spaces",
            Self::AnswerLater => "call this function again when there is an answer",
            Self::EndOfList => "return a number above 0 to end the list without a failure",
            Self::Incomplete => "first call tlsconn_conn_handshake() until it returns TLSCONN_OK",
            Self::NotAdmitted => "call this after tlsconn_conn_handshake() has returned TLSCONN_OK",
            Self::NotOverMemory => "only a connection of tlsconn_connect_mem() or tlsconn_accept_mem() is fed and drained by its caller",
            Self::NotYourDescriptor => "wait for this one with tlsconn_conn_poll()",
            Self::ServerHasNoName => "a server checks no host: which clients may connect is set in its context",
            Self::LateName => "call tlsconn_conn_set_verify_name() before the first call that sends or receives",
            Self::ConnectionOver => "free this connection with tlsconn_conn_free() and make a new one",
            Self::OwnValidator => "return an answer, or TLSCONN_ANSWER_LATER, and use the connection afterwards",
            Self::OwnQuestion => "answer the question, or let another thread wait for it",
            Self::ForkedConnection => "free this one with tlsconn_conn_free(), which leaves the parent's connection alone",
            Self::ForkedQuestion => "the parent still has the question, and its connection waits there",
            Self::Host => "a host is a DNS name such as a.example, or an address such as 192.0.2.1 or 2001:db8::1, without a scheme, port or path",
        }
        .to_owned()
    }
}

/// What to do where a program that is to ask has no terminal.
fn no_terminal(topic: Topic) -> String {
    let instead = match topic {
        Topic::NewServer => {
            "put the server into the file of known servers beforehand (tlsconn_known_set(), or connect once in a terminal and answer always), set TLSCONN_OPT_ON_NEW to TLSCONN_POLICY_ALLOW to leave new servers to the authorities, or set a validator of your own"
        }
        Topic::Server => {
            "put the server into the file of known servers beforehand (tlsconn_known_set(), or connect once in a terminal and answer always), or set a validator of your own"
        }
        Topic::Client => {
            "put the client's certificate into the directory of clients (tlsconn_ctx_set_client_dir()), or set a validator of your own"
        }
    };
    format!("under cron, as a service, or with ssh without -t, there is nobody to ask: {instead}")
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    const TOPICS: [Topic; 3] = [Topic::NewServer, Topic::Server, Topic::Client];

    #[test]
    fn every_cause_has_a_hint_of_its_own() {
        use CallCause as C;
        let terminal = TOPICS.map(C::NoTerminal);
        let all = [
            C::Port,
            C::OpenFiles,
            C::OpenFilesOfMachine,
            C::Watches,
            C::Memory,
            C::Threads,
            C::Random,
            C::ClosedDescriptor,
            C::NotAStream,
            C::NotASocket,
            C::Listening,
            C::Unconnected,
            C::FailedConnect,
            C::OneThreadEach,
            C::NoValidator,
            C::NoAnswer,
            C::LostValidator,
            C::LateAnswer,
            C::OpenQuestions,
            C::AskAgain,
            C::ClientHungUp,
            C::EmptyPattern,
            C::EmptyIdentity,
            C::NamePattern,
            C::AlgorithmName("x25519,secp256r1".to_owned()),
            C::NoAlgorithm("cipher suite", "TLS 1.2"),
            C::SharedStore,
            C::NoPemFile,
            C::ReloadAgain,
            C::TicketSecret,
            C::ListRollback,
            C::OtherIdentity,
            C::ReadOn,
            C::ProtocolNames,
            C::AnswerLater,
            C::EndOfList,
            C::SlowPeer,
            C::Incomplete,
            C::NotAdmitted,
            C::NotOverMemory,
            C::NotYourDescriptor,
            C::ServerHasNoName,
            C::LateName,
            C::ConnectionOver,
            C::OwnValidator,
            C::OwnQuestion,
            C::ForkedConnection,
            C::ForkedQuestion,
            C::Host,
        ];
        check(&all.into_iter().chain(terminal).map(|one| one.hint()).collect::<Vec<_>>());
    }

    #[test]
    fn a_program_without_a_terminal_hears_what_to_do_instead() {
        for topic in TOPICS {
            let hint = CallCause::NoTerminal(topic).hint();
            assert!(hint.contains("cron") && hint.contains("ssh without -t"), "{hint}");
            assert_eq!(hint.contains("TLSCONN_OPT_ON_NEW"), topic == Topic::NewServer, "{hint}");
            assert_eq!(hint.contains("tlsconn_ctx_set_client_dir()"), topic == Topic::Client);
        }
    }
}
