//! What is asked of requests that are kept whole before anything decodes them: do they mention somebody whose data has to go.

use percent_encoding::percent_decode_str;
use schema::Mentions;

use crate::Request;
use crate::inflate::inflate;

/// Whether path, query or body mention one of the ids. Parts of a form that are packed by themselves (the segment of a recording) are not
/// unpacked: what they belong to stands in the parts beside them.
#[must_use]
pub fn mentions(request: &Request, mentions: &Mentions) -> bool {
    let line = [&request.path, &request.query];
    let mut line = line
        .into_iter()
        .map(|text| percent_decode_str(text).collect::<Vec<u8>>());
    if line.any(|text| mentions.is_in(&text)) {
        return true;
    }
    let is_announced = request.header("content-encoding").is_some();
    let bytes_max = request.endpoint.inflated_bytes_max();
    mentions.is_in(&inflate(&request.body, bytes_max, is_announced).text)
}
