using System.Globalization;
using System.Net.Sockets;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>A name in consumer groups that no other living process of this machine has, and that the next process finds again: the machine's, then the machine's with a number.</summary>
/// <remarks>A process that has it holds a socket in Linux's abstract namespace, which leaves nothing behind however it ends. Elsewhere it is the machine's name for all.</remarks>
internal sealed class MemberName : IDisposable
{
    private const int NumberMax = 1000;

    private readonly Socket? _claim;

    private MemberName(string value, Socket? claim)
    {
        Value = value;
        _claim = claim;
    }

    public string Value { get; }

    /// <summary>A name that was chosen by somebody else.</summary>
    public static MemberName Of(string value) => new(value, null);

    /// <param name="machine">What the names begin with.</param>
    public static MemberName Take(string machine)
    {
        for (var number = 1; OperatingSystem.IsLinux() && number <= NumberMax; number++)
        {
            var name = number == 1 ? machine : string.Create(CultureInfo.InvariantCulture, $"{machine}-{number}");
            if (TryClaim(name) is { } claim)
            {
                return new MemberName(name, claim);
            }
        }

        return new MemberName(machine, null);
    }

    public void Dispose() => _claim?.Dispose();

    private static Socket? TryClaim(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint($"\0zeroworld-stream-member/{name}"));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
