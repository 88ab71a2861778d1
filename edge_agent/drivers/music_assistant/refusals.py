"""What does a failure of the client library or its server ask us to do?"""

from music_assistant_client import exceptions as client
from music_assistant_models import errors as server

from edge_agent.errors import (
    DeviceBusy,
    DeviceUnreachable,
    EdgeError,
    NoSuchThing,
    NotPermitted,
    OutcomeUnknown,
    PickAnother,
    TryLater,
    Unsupported,
)

_MEANING: dict[type[Exception], tuple[type[EdgeError], str]] = {
    server.ProviderUnavailableError: (TryLater, "provider_unavailable"),
    server.MediaNotFoundError: (NoSuchThing, "no_such_media"),
    server.InvalidDataError: (PickAnother, "value_refused"),
    server.LoginFailed: (NotPermitted, "token_refused"),
    server.AudioError: (TryLater, "audio_failed"),
    server.QueueEmpty: (NoSuchThing, "queue_empty"),
    server.UnsupportedFeaturedException: (Unsupported, "not_supported"),
    server.PlayerUnavailableError: (DeviceUnreachable, "player_not_connected"),
    server.PlayerCommandFailed: (TryLater, "player_failed"),
    server.InvalidCommand: (Unsupported, "command_unknown_to_server"),
    server.UnplayableMediaError: (PickAnother, "unplayable"),
    server.InvalidProviderURI: (PickAnother, "bad_address"),
    server.InvalidProviderID: (PickAnother, "bad_address"),
    server.RetriesExhausted: (TryLater, "provider_unavailable"),
    server.ResourceTemporarilyUnavailable: (TryLater, "provider_unavailable"),
    server.ProviderPermissionDenied: (NotPermitted, "provider_refused"),
    server.ActionUnavailable: (TryLater, "not_possible_now"),
    server.AuthenticationRequired: (NotPermitted, "token_refused"),
    server.AuthenticationFailed: (NotPermitted, "token_refused"),
    server.InsufficientPermissions: (NotPermitted, "not_permitted"),
    server.InvalidToken: (NotPermitted, "token_refused"),
    server.ResourceBusyError: (DeviceBusy, "in_use"),
    client.InvalidServerVersion: (Unsupported, "server_version"),
    client.InvalidState: (DeviceUnreachable, "not_connected"),
    client.NotConnected: (DeviceUnreachable, "not_connected"),
}


def command_refusal(error: Exception, *, acts: bool) -> EdgeError:
    """Why one command failed. The server's own words are dropped: they are not written by us.

    What cannot be told apart counts as unknown outcome when the command `acts`.
    """
    for kind in type(error).__mro__:
        if kind in _MEANING:
            meaning, reason = _MEANING[kind]
            return meaning(reason)
    return OutcomeUnknown("server_failed") if acts else TryLater("server_failed")


def link_refusal(error: Exception) -> EdgeError:
    """Why no link could be had.

    The library says "authentication failed" of whatever goes wrong while the token is checked;
    only the cause underneath tells a refused token from a lost link.
    """
    cause = error.__cause__
    if isinstance(error, server.AuthenticationFailed) and cause is not None:
        if isinstance(cause, server.MusicAssistantError):
            return NotPermitted("token_refused")
        return DeviceUnreachable("link_lost")
    if type(error) in _MEANING:
        meaning, reason = _MEANING[type(error)]
        return meaning(reason)
    if isinstance(error, client.TransportError):
        return DeviceUnreachable("no_connection")
    return DeviceUnreachable("not_understood")
