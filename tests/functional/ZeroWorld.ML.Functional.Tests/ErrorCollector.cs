using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Keeps what was logged as an error.</summary>
internal sealed class ErrorCollector : ILoggerProvider
{
    private readonly List<string> _messages = [];
    private readonly List<string> _expected = [];

    public IReadOnlyList<string> Messages
    {
        get
        {
            lock (_messages)
            {
                return [.. _messages];
            }
        }
    }

    /// <summary>How many of those that are expected there were.</summary>
    public int ExpectedCount
    {
        get
        {
            lock (_messages)
            {
                return field;
            }
        }

        private set;
    }

    /// <summary>Errors with this text in them are what a test is about: they are not kept.</summary>
    public void Expect(string text)
    {
        lock (_messages)
        {
            _expected.Add(text);
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(ErrorCollector owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                var message = $"{category}: {formatter(state, exception)} {exception}";
                lock (owner._messages)
                {
                    if (owner._expected.Exists(text => message.Contains(text, StringComparison.Ordinal)))
                    {
                        owner.ExpectedCount++;
                    }
                    else
                    {
                        owner._messages.Add(message);
                    }
                }
            }
        }
    }
}
