//! Every public function of bachata-core, each called in a function of its own. `ci/footprint-api.py` compares the names with the
//! sources, and finds the functions by them in the linked image.

use core::cmp::Ordering;
use core::fmt::Write as _;
use core::hash::{Hash as _, Hasher as _};
use core::hint::black_box;

use bachata_core::delivery::*;
use bachata_core::heapless_v0_9::{String, Vec};
use bachata_core::io::{ReadError, WriteError, embedded_io_async_v0_7, embedded_io_v0_7};
use bachata_core::*;

use crate::input::{Connection, Input, Keys, Tools};
use crate::line::{Line, poll_once};
use crate::payload::Texts;
use crate::{board, frames, paint};

/// A public function, in a call whose stack is its own and the result's.
struct Call {
    name: &'static str,
    call: fn(&Input<'_>, &mut Tools<'_>),
}

/// `"name" input tools => the call's result;`
macro_rules! calls {
    ($($name:literal $input:pat, $tools:pat => $result:expr;)+) => {
        const CALLS: &[Call] = &[$({
            #[inline(never)]
            #[unsafe(export_name = $name)]
            fn call($input: &Input<'_>, $tools: &mut Tools<'_>) {
                black_box(&$result);
            }
            Call { name: $name, call }
        }),+];
    };
}

calls! {
    "Message::parse" i, _ => Message::parse(i.bytes);
    "Message::parse_with" i, _ => Message::parse_with(i.bytes, i.policy);
    "Message::parse_with_unknown" i, _ => Message::parse_with_unknown(i.bytes, i.policy).is_ok();
    "<UnknownMembers as Iterator>" i, _ => Message::parse_with_unknown(i.bytes, i.policy)
        .map_or(0, |(_, members)| members.fold(0, |sum, (_, value)| sum ^ value.as_bytes().len()));
    "Message::encode" i, t => i.message.encode(t.out).is_ok();
    "Message::write_to" i, t => i.message.write_to(&mut t.writer());
    "Message::write_to_with" i, t => i.message.write_to_with(&mut t.writer(), i.envelope.iter().flat_map(Envelope::members));
    "Message::encoded_len" i, _ => i.message.encoded_len();
    "Message::as_data" i, _ => i.message.as_data();
    "Message::as_transport" i, _ => i.message.as_transport();
    "Message::sign" i, _ => i.message.sign();
    "<Message as PartialEq>" i, _ => i.message == i.other_message;
    "<Message as From<DataMessage>>" i, _ => Message::from(i.data);
    "<Message as From<TransportMessage>>" i, _ => Message::from(i.transport);
    "<Message as TryFrom<&[u8]>>" i, _ => Message::try_from(i.bytes);
    "<Message as TryFrom<&str>>" i, _ => Message::try_from(i.str);
    "<Message as TryFrom<&Vec<u8>>>" i, _ => bytes(i).is_ok_and(|v| Message::try_from(&v).is_ok());
    "<Message as TryFrom<&String>>" i, _ => string(i).is_ok_and(|s| Message::try_from(&s).is_ok());
    "<Message as Display>" i, t => write!(t.writer(), "{}", i.message);

    "DataMessage::new" i, _ => DataMessage::new(i.text, i.text, i.time, i.payload);
    "DataMessage::typed" i, _ => DataMessage::typed(i.text, i.text, i.time, &i.str);
    "DataMessage::encode" i, t => i.data.encode(t.out).is_ok();
    "DataMessage::write_to" i, t => i.data.write_to(&mut t.writer());
    "DataMessage::encoded_len" i, _ => i.data.encoded_len();
    "DataMessage<D>::encode_around" i, t => i.data.encode_around(t.out).is_ok();
    "DataMessage<D>::with_from" i, _ => i.data.with_from(i.text);
    "DataMessage<D>::with_dest" i, _ => i.data.with_dest(i.text);
    "DataMessage<D>::with_sign" i, _ => i.data.with_sign(i.text);
    "DataMessage<D>::id" i, _ => i.data.id();
    "DataMessage<D>::kind" i, _ => i.data.kind();
    "DataMessage<D>::time" i, _ => i.data.time();
    "DataMessage<D>::data" i, _ => i.data.data();
    "DataMessage<D>::from" i, _ => i.data.from();
    "DataMessage<D>::dest" i, _ => i.data.dest();
    "DataMessage<D>::sign" i, _ => i.data.sign();
    "DataMessage<&T>::encode" i, t => typed(i, |m| m.encode(t.out).is_ok());
    "DataMessage<&T>::write_to" i, t => typed(i, |m| m.write_to(&mut t.writer()).is_ok());
    "DataMessage<&T>::encoded_len" i, _ => typed(i, |m| m.encoded_len().is_ok());
    "<DataMessage as Display>" i, t => write!(t.writer(), "{}", i.data);

    "TransportMessage::accepted" i, _ => TransportMessage::accepted(i.text);
    "TransportMessage::received" i, _ => TransportMessage::received(i.text);
    "TransportMessage::delivered" i, _ => TransportMessage::delivered(i.text);
    "TransportMessage::ready" _, _ => TransportMessage::ready();
    "TransportMessage::ping" _, _ => TransportMessage::ping();
    "TransportMessage::pong" _, _ => TransportMessage::pong();
    "TransportMessage::to_pong" i, _ => i.transport.to_pong();
    "TransportMessage::new" i, _ => TransportMessage::new(i.number as u32, i.text);
    "TransportMessage::without_data" i, _ => TransportMessage::without_data(i.number as u32);
    "TransportMessage::with_data" i, _ => i.transport.with_data(i.text);
    "TransportMessage::with_sign" i, _ => i.transport.with_sign(i.text);
    "TransportMessage::kind" i, _ => i.transport.kind();
    "TransportMessage::data" i, _ => i.transport.data();
    "TransportMessage::sign" i, _ => i.transport.sign();
    "TransportMessage::encode" i, t => i.transport.encode(t.out).is_ok();
    "TransportMessage::write_to" i, t => i.transport.write_to(&mut t.writer());
    "TransportMessage::encoded_len" i, _ => i.transport.encoded_len();
    "<TransportMessage as Display>" i, t => write!(t.writer(), "{}", i.transport);

    "TransportType::code" i, _ => i.transport.kind().code();
    "TransportType::name" i, _ => i.transport.kind().name();
    "TransportType::is_receipt" i, _ => i.transport.kind().is_receipt();
    "<TransportType as From<u32>>" i, _ => TransportType::from(i.number as u32);
    "<TransportType as PartialEq>" i, _ => i.transport.kind() == TransportType::Other(i.number as u32);
    "<TransportType as Hash>" i, t => i.transport.kind().hash(&mut t.hasher);
    "<TransportType as Display>" i, t => write!(t.writer(), "{}", i.transport.kind());

    "Payload::as_text" i, _ => i.payload.as_text();
    "Payload::as_object" i, _ => i.payload.as_object();
    "Payload::parse" i, t => i.payload.parse::<Texts<'_>>(t.out).is_ok();
    "<Payload as PartialEq>" i, _ => i.payload == Payload::Text(i.other_text);
    "<Payload as Default>" _, _ => Payload::default();
    "<Payload as From<&str>>" i, _ => Payload::from(i.str);
    "<Payload as From<JsonStr>>" i, _ => Payload::from(i.text);
    "<Payload as From<RawObject>>" i, _ => Payload::from(i.object);
    "<Payload as From<&String>>" i, _ => string(i).is_ok_and(|s| Payload::from(&s).as_text().is_some());

    "JsonStr::new" i, _ => JsonStr::new(i.str);
    "JsonStr::as_str" i, _ => i.text.as_str();
    "JsonStr::decode" i, t => i.text.decode(t.out).is_ok();
    "JsonStr::decoded_len" i, _ => i.text.decoded_len();
    "JsonStr::is_empty" i, _ => i.text.is_empty();
    "JsonStr::chars" i, _ => i.text.chars();
    "<Chars as Iterator>" i, _ => i.text.chars().fold(i.text.chars().size_hint().0 as u32, |sum, c| sum ^ u32::from(c));
    "<JsonStr as Default>" _, _ => JsonStr::default();
    "<JsonStr as From<&str>>" i, _ => JsonStr::from(i.str);
    "<JsonStr as From<&String>>" i, _ => string(i).is_ok_and(|s| JsonStr::from(&s).is_empty());
    "<JsonStr as PartialEq>" i, _ => i.text == i.other_text;
    "<JsonStr as PartialEq<str>>" i, _ => i.text == *i.str;
    "<JsonStr as PartialEq<&str>>" i, _ => i.text == i.str;
    "<str as PartialEq<JsonStr>>" i, _ => *i.str == i.text;
    "<&str as PartialEq<JsonStr>>" i, _ => i.str == i.text;
    "<JsonStr as Ord>" i, _ => i.text.cmp(&i.other_text) == Ordering::Less;
    "<JsonStr as PartialOrd>" i, _ => i.text < i.other_text;
    "<JsonStr as Hash>" i, t => i.text.hash(&mut t.hasher);
    "<JsonStr as Display>" i, t => write!(t.writer(), "{}", i.text);

    "RawJson::new" i, _ => RawJson::new(i.bytes);
    "RawJson::as_bytes" i, _ => i.value.as_bytes();
    "RawJson::as_str" i, _ => i.value.as_str();
    "RawJson::kind" i, _ => i.value.kind();
    "RawJson::as_text" i, _ => i.value.as_text();
    "RawJson::parse" i, t => i.value.parse::<Texts<'_>>(t.out).is_ok();
    "<RawJson as PartialEq>" i, _ => i.value == i.other_value;
    "<RawJson as From<RawObject>>" i, _ => RawJson::from(i.object);
    "<RawJson as Display>" i, t => write!(t.writer(), "{}", i.value);

    "RawObject::new" i, _ => RawObject::new(i.bytes);
    "RawObject::of" i, _ => RawObject::of(i.value);
    "RawObject::as_json" i, _ => i.object.as_json();
    "RawObject::as_bytes" i, _ => i.object.as_bytes();
    "RawObject::as_str" i, _ => i.object.as_str();
    "<RawObject as PartialEq>" i, _ => RawObject::of(i.value) == Some(i.object);
    "<RawObject as Default>" _, _ => RawObject::default();
    "<RawObject as Display>" i, t => write!(t.writer(), "{}", i.object);

    "Envelope::parse" i, _ => Envelope::parse(i.bytes);
    "Envelope::get" i, _ => i.envelope.as_ref().and_then(|e| e.get(i.member));
    "Envelope::frame" i, _ => i.envelope.as_ref().map(Envelope::frame);
    "Envelope::members" i, _ => i.envelope.as_ref().map(Envelope::members);
    "Envelope::kind" i, _ => i.envelope.as_ref().map(Envelope::kind);
    "Envelope::message" i, _ => i.envelope.as_ref().map(|e| e.message(i.policy));
    "Envelope::route" i, _ => i.envelope.as_ref().map(|e| e.route(i.policy));
    "<Members as Iterator>" i, _ => i.envelope.iter().flat_map(Envelope::members).fold(0, |sum, (_, v)| sum ^ v.as_bytes().len());

    "Route::parse" i, _ => Route::parse(i.bytes, i.policy);
    "Route::kind" i, _ => i.route.as_ref().map(Route::kind);
    "Route::dest" i, _ => i.route.as_ref().map(Route::dest);
    "<Route as PartialEq>" i, _ => i.route == Route::parse(i.bytes, i.policy).ok();
    "<MessageKind as Hash>" i, t => i.route.as_ref().map(|r| r.kind().hash(&mut t.hasher));

    "Member::name" i, _ => i.member.name();
    "Member::named" i, _ => Member::named(i.text);
    "<Member as Display>" i, t => write!(t.writer(), "{}", i.member);

    "DataMessageSize::max_encoded_len" i, _ => DataMessageSize {
        id: i.max_len, kind: i.max_len, data: i.max_len, from: i.max_len, dest: i.max_len, sign: i.max_len,
    }.max_encoded_len();
    "TransportMessageSize::max_encoded_len" i, _ => TransportMessageSize { data: i.max_len, sign: i.max_len }.max_encoded_len();

    "MessageBuf::parse" i, _ => MessageBuf::<512>::parse(i.bytes);
    "MessageBuf::parse_with" i, _ => MessageBuf::<512>::parse_with(i.bytes, i.policy);
    "MessageBuf::capacity_for" i, _ => MessageBuf::<512>::capacity_for(i.bytes, i.policy);
    "MessageBuf::frame" i, _ => i.buf.map(MessageBuf::frame);
    "MessageBuf::frame_str" i, _ => i.buf.map(MessageBuf::frame_str);
    "MessageBuf::message" i, _ => i.buf.map(MessageBuf::message);
    "MessageBuf::id" i, _ => i.buf.map(MessageBuf::id);
    "MessageBuf::kind" i, _ => i.buf.map(MessageBuf::kind);
    "MessageBuf::transport_type" i, _ => i.buf.map(MessageBuf::transport_type);
    "MessageBuf::time" i, _ => i.buf.map(MessageBuf::time);
    "MessageBuf::text" i, _ => i.buf.map(MessageBuf::text);
    "MessageBuf::object" i, _ => i.buf.map(MessageBuf::object);
    "MessageBuf::from" i, _ => i.buf.map(MessageBuf::from);
    "MessageBuf::dest" i, _ => i.buf.map(MessageBuf::dest);
    "MessageBuf::sign" i, _ => i.buf.map(MessageBuf::sign);
    "<MessageBuf as TryFrom<Message>>" i, _ => MessageBuf::<512>::try_from(i.message);
    "<MessageBuf as TryFrom<DataMessage>>" i, _ => MessageBuf::<512>::try_from(i.data);
    "<MessageBuf as TryFrom<TransportMessage>>" i, _ => MessageBuf::<512>::try_from(i.transport);
    "<MessageBuf as TryFrom<Vec<u8>>>" i, _ => bytes(i).map(MessageBuf::<512>::try_from);
    "<MessageBuf as TryFrom<String>>" i, _ => string(i).map(MessageBuf::<512>::try_from);
    "<MessageBuf as PartialEq<MessageBuf>>" i, _ => i.buf.map(|a| i.buf.map(|b| black_box(a) == b));
    "<MessageBuf as Clone>" i, _ => i.buf.cloned();
    "<MessageBuf as Display>" i, t => i.buf.map(|b| write!(t.writer(), "{b}"));
    "<String as TryFrom<JsonStr>>" i, _ => String::<64>::try_from(i.text);
    "<String as TryFrom<Message>>" i, _ => String::<64>::try_from(i.message);
    "<String as From<MessageBuf>>" i, _ => i.buf.cloned().map(String::from);
    "<Vec<u8> as TryFrom<Message>>" i, _ => Vec::<u8, 64>::try_from(i.message);
    "<Vec<u8> as TryFrom<DataMessage>>" i, _ => Vec::<u8, 64>::try_from(i.data);
    "<Vec<u8> as TryFrom<TransportMessage>>" i, _ => Vec::<u8, 64>::try_from(i.transport);
    "<Vec<u8> as From<MessageBuf>>" i, _ => i.buf.cloned().map(Vec::from);

    "HmacSha256::new" i, _ => HmacSha256::new(i.bytes).is_ok();
    "<HmacSha256 as Sign>" i, _ => i.hmac.sign(&i.message);
    "<HmacSha256 as Verify>" i, _ => i.hmac.verify(&i.message, i.signature.into());
    "<HmacSha256 as Clone>" i, _ => i.hmac.clone();
    "TokenSha256::new" i, _ => TokenSha256::new(i.bytes).is_ok();
    "TokenSha256::with_room" i, _ => TokenSha256::<256>::with_room(i.bytes).is_ok();
    "<TokenSha256 as Sign>" i, _ => i.token.sign(&i.message);
    "<TokenSha256 as Verify>" i, _ => i.token.verify(&i.message, i.signature.into());
    "<TokenSha256 as Clone>" i, _ => i.token.clone();
    "<TokenSha256 as Drop>" i, _ => drop(i.token.clone());
    "<&V as Verify>" i, _ => (&i.hmac).verify(&i.message, i.signature.into());
    "<[V] as Verify>" i, _ => i.hmacs.as_slice().verify(&i.message, i.signature.into());
    "<[V; N] as Verify>" i, _ => i.hmacs.verify(&i.message, i.signature.into());
    "Message::sign_with" i, _ => i.message.sign_with(i.hmac);
    "Message::verify" i, _ => i.message.verify(i.hmac);
    "Message::sign_warnings" i, _ => i.message.sign_warnings().last();
    "DataMessage::sign_with" i, _ => i.data.sign_with(i.hmac);
    "DataMessage::verify" i, _ => i.data.with_sign(i.signature).verify(i.hmac);
    "DataMessage::sign_warnings" i, _ => i.data.sign_warnings().last();
    "DataMessage<&T>::sign_with" i, _ => typed(i, |m| m.sign_with(i.hmac).is_ok());
    "TransportMessage::sign_with" i, _ => i.transport.sign_with(i.hmac);
    "TransportMessage::verify" i, _ => i.transport.with_sign(i.signature).verify(i.hmac);
    "MessageBuf::verify" i, _ => i.buf.cloned().map(|b| b.verify(i.hmac));
    "Payload::sign_warnings" i, _ => i.payload.sign_warnings().last();
    "<SignWarnings as Iterator>" i, _ => i.payload.sign_warnings().next();
    "SignWarning::kind" i, _ => i.payload.sign_warnings().next().map(SignWarning::kind);
    "SignWarning::offset" i, _ => i.payload.sign_warnings().next().map(SignWarning::offset);
    "<SignWarning as Display>" i, t => i.payload.sign_warnings().next().map(|w| write!(t.writer(), "{w}"));
    "<SignWarningKind as Display>" i, t => i.payload.sign_warnings().next().map(|w| write!(t.writer(), "{}", w.kind()));
    "<Message as Covered>" i, t => i.message.feed_fields(|piece| t.hasher.write(piece));
    "<DataMessage as Covered>" i, t => i.data.feed_data(|piece| t.hasher.write(piece));
    "<TransportMessage as Covered>" i, t => i.transport.feed_fields(|piece| t.hasher.write(piece));
    "Signature::as_str" i, _ => i.signature.as_str();
    "<Signature as AsRef<str>>" i, _ => i.signature.as_ref().len();
    "<Signature as Display>" i, t => write!(t.writer(), "{}", i.signature);
    "<JsonStr as From<&Signature>>" i, _ => JsonStr::from(i.signature);
    "Verified::key" i, _ => i.verified.as_ref().map(Verified::key);
    "Verified::into_inner" i, _ => i.verified.map(Verified::into_inner);
    "Verified<Message>::into_data" i, _ => i.verified.map(Verified::into_data);
    "Verified<Message>::into_transport" i, _ => i.verified.map(Verified::into_transport);
    "<Verified as Deref>" i, _ => i.verified.as_deref().map(Message::encoded_len);
    "<SignatureError as Display>" i, t => write!(t.writer(), "{}", i.signature_error);
    "<KeyError as Display>" i, t => i.key_error.map(|e| write!(t.writer(), "{e}"));

    "FrameSplitter::new" i, _ => FrameSplitter::new(i.number);
    "FrameSplitter::limit" _, t => t.splitter.limit();
    "FrameSplitter::split" i, t => t.splitter.split(i.bytes);
    "FrameSplitter::end" i, t => t.splitter.end(i.bytes);
    "FrameReader::new" _, _ => FrameReader::<64>::new();
    "FrameReader::room" i, t => t.reader.room().iter_mut().zip(i.bytes).for_each(|(to, from)| *to = *from);
    "FrameReader::commit" i, t => t.reader.commit(i.number);
    "FrameReader::next_frame" _, t => t.reader.next_frame();
    "FrameReader::end_of_stream" _, t => t.reader.end_of_stream();
    "FrameReader::reset" _, t => t.reader.reset();
    "<FrameReader as Default>" _, _ => FrameReader::<64>::default();
    "FrameWriter::new" _, _ => FrameWriter::<64>::new();
    "FrameWriter::push" i, t => t.writer.push(i.message);
    "FrameWriter::push_frame" i, t => t.writer.push_frame(i.bytes);
    "FrameWriter::pending" _, t => t.writer.pending();
    "FrameWriter::advance" i, t => t.writer.advance(i.number);
    "FrameWriter::reset" _, t => t.writer.reset();
    "<FrameWriter as Default>" _, _ => FrameWriter::<64>::default();

    "Client::new" _, _ => Client::<1, 2, 64>::new(ClientConfig::default());
    "Client::handle_connect" i, t => t.client.handle_connect(i.now);
    "Client::handle_frame" i, t => match t.client.handle_frame(i.bytes, i.now) {
        Ok(Some(received)) => t.receipts.push(received.receipt).is_ok(),
        other => other.is_ok(),
    };
    "Client::send" i, t => t.client.send(&i.data, i.now);
    "Client::send_typed" i, t => typed(i, |m| t.client.send_typed(&m, i.now).is_ok());
    "Client::send_frame" i, t => t.client.send_frame(i.bytes, i.now).map(|token| t.token = Some(token));
    "Client::poll_transmit" _, t => t.client.poll_transmit(t.out).is_ok();
    "Client::handle_timeout" i, t => t.client.handle_timeout(i.now);
    "Client::poll_timeout" _, t => t.client.poll_timeout();
    "Client::acknowledge" _, t => t.receipts.pop().map(|receipt| t.client.acknowledge(receipt));
    "Client::release" _, t => t.receipts.pop().map(|receipt| t.client.release(receipt));
    "Client::progress" _, t => t.token.map(|token| t.client.progress(token).map(Progress::is_end));
    "Client::cancel" _, t => t.token.map(|token| t.client.cancel(token));
    "Client::poll_event" _, t => t.client.poll_event();
    "Client::room" _, t => t.client.room();
    "Client::counters" _, t => t.client.counters();
    "Client::handle_disconnect" i, t => t.client.handle_disconnect(i.now);
    "<ClientConfig as Default>" _, _ => ClientConfig::default();
    "<ServerConfig as Default>" _, _ => ServerConfig::default();
    "<KeepAlive as Default>" _, _ => KeepAlive::default();
    "Progress::is_end" i, _ => if i.number > 1 { Progress::Sent } else { Progress::Failed }.is_end();
    "Resend::delay" i, _ => Resend { first: i.number as u32, max: i.time as u32 }.delay(i.now as u32);
    "ServerConnection::open" i, t => Connection::open(&mut t.store, i.number as u8, ServerConfig::default(), i.now).is_ok();
    "ServerConnection::handle_frame" i, t => t.connection.handle_frame(&mut t.store, i.bytes, i.now).is_ok();
    "ServerConnection::submit" i, t => match t.connection.handle_frame(&mut t.store, i.bytes, i.now) {
        Ok(Handled::Message(message)) => t.connection.submit(&mut t.store, message, 1).is_ok(),
        other => other.is_ok(),
    };
    "ServerConnection::refuse" i, t => match t.connection.handle_frame(&mut t.store, i.bytes, i.now) {
        Ok(Handled::Message(message)) => { t.connection.refuse(message); true }
        other => other.is_ok(),
    };
    "ServerConnection::poll_transmit" _, t => t.connection.poll_transmit(&mut t.store, t.out).is_ok();
    "ServerConnection::poll_timeout" _, t => t.connection.poll_timeout();
    "ServerConnection::handle_timeout" i, t => t.connection.handle_timeout(i.now);
    "ServerConnection::address" _, t => t.connection.address();
    "ServerConnection::counters" _, t => t.connection.counters();
    "ServerConnection::close" i, t => match Connection::open(&mut t.store, 2, ServerConfig::default(), i.now) {
        Ok(connection) => connection.close(&mut t.store).is_ok(),
        Err(_) => false,
    };
    "MemoryStore::new" _, _ => MemoryStore::<u8, 1, 1, 64>::new();
    "MemoryStore::undelivered" _, t => t.store.undelivered();
    "MemoryStore::discard" i, t => t.store.discard(i.number as u8);
    "<MemoryStore as Default>" _, _ => MemoryStore::<u8, 1, 1, 64>::default();
    "<MemoryStore as Store>" i, t => store(i, &mut t.store);

    "embedded_io_v0_7::read_frame" i, t => embedded_io_v0_7::read_frame(&mut t.reader, &mut Line::new(i.bytes));
    "embedded_io_v0_7::write_pending" i, t => embedded_io_v0_7::write_pending(&mut t.writer, &mut Line::new(i.bytes));
    "embedded_io_async_v0_7::read_frame" i, t =>
        poll_once(embedded_io_async_v0_7::read_frame(&mut t.reader, &mut Line::new(i.bytes))).is_some();
    "embedded_io_async_v0_7::write_pending" i, t =>
        poll_once(embedded_io_async_v0_7::write_pending(&mut t.writer, &mut Line::new(i.bytes)));

    "ParseError::kind" i, _ => i.parse_error.map(ParseError::kind);
    "ParseError::offset" i, _ => i.parse_error.map(ParseError::offset);
    "ParseError::member" i, _ => i.parse_error.map(ParseError::member);
    "<ParseError as Display>" i, t => i.parse_error.map(|e| write!(t.writer(), "{e}"));
    "<ParseErrorKind as Display>" i, t => i.parse_error.map(|e| write!(t.writer(), "{}", e.kind()));
    "<BufferTooSmall as Display>" i, t => write!(t.writer(), "{}", i.too_small);
    "<FrameTooLong as Display>" i, t => write!(t.writer(), "{}", i.too_long);
    "<CapacityError as Display>" i, t => write!(t.writer(), "{}", i.capacity_error);
    "<MessageBufError as From<ParseError>>" i, _ => i.parse_error.map(MessageBufError::from);
    "<MessageBufError as From<CapacityError>>" i, _ => MessageBufError::from(i.capacity_error);
    "<MessageBufError as Display>" i, t => write!(t.writer(), "{}", i.buf_error);
    "<ReadError as Display>" i, t => write!(t.writer(), "{}", black_box(ReadError::<ParseErrorKind>::TooLong(i.too_long)));
    "<WriteError as Display>" i, t => i.parse_error.map(|e| write!(t.writer(), "{}", black_box(WriteError::Io(e))));
    "<FrameError as Display>" i, t => i.parse_error.map(|e| write!(t.writer(), "{}", black_box(FrameError::Parse(e))));
    "<SendError as From<BufferTooSmall>>" i, _ => SendError::from(i.too_small);
    "<SendError as From<ParseError>>" i, _ => i.parse_error.map(SendError::from);
    "<SendError as From<EncodeError>>" i, _ => SendError::from(i.encode_error);
    "<SendError as Display>" i, t => write!(t.writer(), "{}", black_box(SendError::TooLong(i.too_small)));
    "<ServerError as From<BufferTooSmall>>" i, _ => ServerError::<PeersFull>::from(i.too_small);
    "<ServerError as From<StoreError>>" _, _ => ServerError::from(black_box(StoreError::Store(PeersFull)));
    "<ServerError as Display>" i, t => write!(t.writer(), "{}", black_box(ServerError::<PeersFull>::TooLong(i.too_small)));
    "<StoreError as From>" _, _ => StoreError::from(PeersFull);
    "<OpenError as Display>" _, t => write!(t.writer(), "{}", black_box(OpenError::Store(PeersFull)));
    "<PeersFull as Display>" _, t => write!(t.writer(), "{}", black_box(PeersFull));
    "DeserializeError::kind" i, _ => i.deserialize_error.map(DeserializeError::kind);
    "DeserializeError::offset" i, _ => i.deserialize_error.map(DeserializeError::offset);
    "<DeserializeError as Display>" i, t => i.deserialize_error.map(|e| write!(t.writer(), "{e}"));
    "<DeserializeErrorKind as Display>" i, t => i.deserialize_error.map(|e| write!(t.writer(), "{}", e.kind()));
    "<SerializeErrorKind as Display>" _, t => write!(t.writer(), "{}", black_box(SerializeErrorKind::Custom));
    "<EncodeError as From<BufferTooSmall>>" i, _ => EncodeError::from(i.too_small);
    "<EncodeError as From<SerializeErrorKind>>" _, _ => EncodeError::from(black_box(SerializeErrorKind::Custom));
    "<EncodeError as Display>" i, t => write!(t.writer(), "{}", i.encode_error);
}

/// So that it sends without being connected first, and again.
const CLIENT: ClientConfig = ClientConfig {
    wait_for_ready: false,
    resend: Some(Resend { first: 1, max: 5 }),
    ..ClientConfig::DEFAULT
};

/// What the state machines of delivery take, in bytes.
const SIZES: &[(&str, usize)] = &[
    ("client-small", size_of::<Client<2, 8, 128>>()),
    ("client", size_of::<Client<4, 16, 256>>()),
    ("client-large", size_of::<Client<16, 64, 512>>()),
    ("connection", size_of::<ServerConnection<u8, 4, 256>>()),
    ("store", size_of::<MemoryStore<u8, 4, 4, 256>>()),
];

/// Calls a function of a message with a typed payload.
#[inline(always)]
fn typed<'a>(input: &Input<'a>, call: impl FnOnce(DataMessage<'a, &Texts<'a>>) -> bool) -> bool {
    call(DataMessage::typed(
        input.text,
        input.text,
        input.time,
        &Texts::of(input.str),
    ))
}

/// Takes a message through a store, from one end to the other.
#[inline(always)]
fn store(input: &Input<'_>, store: &mut crate::input::Shelf) -> Result<(), StoreError<PeersFull>> {
    let Some(lease) = store.open(input.number as u8, input.now > 3)? else {
        return Ok(());
    };
    let new = NewMessage {
        receiver: lease.address,
        id: input.text,
        fingerprint: input.now,
        frame: input.bytes,
    };
    black_box(store.put(&lease, new)?);
    if let Some(Queued { sequence, .. }) = store.next(&lease, 0)? {
        store.mark_sent(&lease, sequence)?;
        black_box(store.next_sent(&lease, 0)?);
        black_box(store.acknowledge(&lease, input.text)?);
    }
    if let Some((sequence, id)) = store.next_delivered(&lease)? {
        black_box(id);
        store.tell_delivered(&lease, sequence)?;
    }
    Ok(store.close(&lease)?)
}

/// Calls each function with each frame and prints how deep the stack was at most.
pub(crate) fn paint_all() {
    let keys = Keys::new();
    let mut store = MemoryStore::new();
    let Ok(connection) = Connection::open(&mut store, 1, ServerConfig::default(), 0) else {
        return board::exit();
    };
    let mut tools = Tools {
        out: board::scratch(),
        reader: FrameReader::new(),
        writer: FrameWriter::new(),
        splitter: FrameSplitter::new(64),
        hasher: Default::default(),
        client: Client::new(CLIENT),
        receipts: Vec::new(),
        token: None,
        connection,
        store,
    };
    for (name, size) in SIZES {
        board::print("size ");
        board::print_number(*size as u32);
        board::print(" ");
        board::print(name);
        board::print("\n");
    }
    for Call { name, call } in CALLS {
        let mut deepest = 0;
        for bytes in frames() {
            let buf = MessageBuf::parse(bytes).ok();
            for other in [bytes, b"\"\\u0020\""] {
                let input = Input::of(bytes, other, buf.as_ref(), &keys);
                deepest = deepest.max(paint::depth(|| {
                    call(black_box(&input), black_box(&mut tools))
                }));
            }
        }
        board::print("stack ");
        board::print_number(deepest);
        board::print(" ");
        board::print(name);
        board::print("\n");
    }
    board::exit();
}

fn frames() -> impl Iterator<Item = &'static [u8]> {
    let counted = frames::COUNTED.into_iter().map(|(_, frame)| frame);
    black_box(counted.chain(frames::HARD))
}

/// A string of heapless. Its own conversion counts with an addition that overflow checks would leave a panic for.
fn string(input: &Input<'_>) -> Result<String<64>, BufferTooSmall> {
    JsonStr::new(input.str).try_into()
}

/// A vector of heapless, for the same reason filled by hand.
fn bytes(input: &Input<'_>) -> Result<Vec<u8, 64>, u8> {
    let mut bytes = Vec::new();
    for &byte in input.bytes {
        bytes.push(byte)?;
    }
    Ok(bytes)
}
