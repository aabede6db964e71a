using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>Keeps what a store logs.</summary>
internal sealed class LogOfStore : ILogger<RedisOnlineStore>
{
    public const int ConnectionLost = 2202;

    private readonly ConcurrentQueue<(int Id, string Text)> _messages = new();

    public IReadOnlyList<string> Of(int id) => [.. _messages.Where(message => message.Id == id).Select(static message => message.Text)];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _messages.Enqueue((eventId.Id, formatter(state, exception)));
}
