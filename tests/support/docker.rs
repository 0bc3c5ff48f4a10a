//! As much of docker's API as its client needs to say who it talks to, and that client.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// The name of the machine that the stub pretends to be.
pub(crate) const NAME: &str = "behind-the-front";
/// Old enough for any client that is still about.
const VERSION: &str = "1.41";

/// Answers at `socket` for the rest of the process.
pub(crate) fn serve(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || converse(stream));
        }
    });
}

/// One request after the other; none of them has a body.
fn converse(mut stream: UnixStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(request) = lines.next().transpose()? {
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        stream.write_all(answer(&request).as_bytes())?;
    }
    Ok(())
}

/// The whole response to a request, of which this is the first line.
pub(crate) fn answer(request: &str) -> String {
    let mut words = request.split_whitespace();
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let (status, body) = match path.rsplit_once('/').unwrap().1.split('?').next().unwrap() {
        "_ping" => ("200 OK", "OK".to_owned()),
        "info" => ("200 OK", format!("{{\"ID\":\"stub\",\"Name\":\"{NAME}\",\"Containers\":7}}")),
        "version" => ("200 OK", format!("{{\"Version\":\"stub\",\"ApiVersion\":\"{VERSION}\"}}")),
        "json" => ("200 OK", "[]".to_owned()),
        _ => ("404 Not Found", "{\"message\":\"there is no such page\"}".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nApi-Version: {VERSION}\r\nOstype: linux\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    if method == "HEAD" { head } else { head + &body }
}
