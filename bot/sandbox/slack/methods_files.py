"""Web API methods of the file upload: an address to put it, then its place in a channel."""

import mimetypes

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.methods_chat import thread_of, writable
from bot.sandbox.slack.values import Json, SlackError


def get_upload_url(desk: Desk, args: Arguments) -> Json:
    """files.getUploadURLExternal."""
    name, length = args.required("filename"), args.required("length")
    if not length.isdigit() or int(length) == 0:
        raise SlackError("invalid_arguments", ("[ERROR] must be a number over 0 [json-pointer:/length]",))
    file_id = desk.space.mint("F")
    desk.space.files[file_id] = {
        "id": file_id,
        "name": name,
        "title": name,
        "size": int(length),
        "mimetype": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "url_private": f"{desk.base}files/{file_id}",
    }
    return {"file_id": file_id, "upload_url": f"{desk.base}upload/v1/{file_id}"}


def put_file(desk: Desk, file_id: str, content: bytes) -> None:
    """Take the bytes that were sent to the upload address; raise SlackError."""
    file = desk.space.files.get(file_id)
    if file is None:
        raise SlackError("file_not_found")
    if len(content) != file["size"]:
        raise SlackError("length_mismatch")
    file["content"] = content


def shared_file(desk: Desk, file_id: str) -> tuple[bytes, str]:
    """A file's bytes and type, for the page; raise SlackError."""
    file = desk.space.files.get(file_id)
    if file is None or "content" not in file:
        raise SlackError("file_not_found")
    return file["content"], file["mimetype"]


def complete_upload(desk: Desk, args: Arguments) -> Json:
    """files.completeUploadExternal: shares the files where it is told to."""
    wanted = args.json("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments", ("[ERROR] missing required field: files",))
    shown = []
    for each in wanted:
        file = desk.space.files.get(each.get("id", "")) if isinstance(each, dict) else None
        if file is None or "content" not in file:
            raise SlackError("file_not_found")
        file["title"] = each.get("title") or file["name"]
        shown.append({key: value for key, value in file.items() if key != "content"})
    places = args.text("channel_id") or args.text("channels")
    for name in filter(None, places.split(",")):
        channel = writable(desk, name)
        thread_ts = thread_of(desk, channel, args.text("thread_ts"))
        desk.post(
            channel, desk.bot_message(args.text("initial_comment"), [], thread_ts=thread_ts, files=shown)
        )
    return {"files": shown}
