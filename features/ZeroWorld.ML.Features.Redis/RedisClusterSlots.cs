using System.Globalization;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Which slots of a cluster nobody serves.</summary>
internal static class RedisClusterSlots
{
    private const int Count = 16_384;

    /// <summary>Slots of no node: the client leaves out a node that the others hold to have failed, with the slots that it still owns.</summary>
    /// <param name="nodes">As a server tells them.</param>
    /// <returns>As <c>5461-10922</c>, ascending.</returns>
    public static IEnumerable<string> FindGaps(IEnumerable<ClusterNode> nodes)
    {
        var next = 0;
        foreach (var range in nodes.Where(static node => !node.IsReplica).SelectMany(static node => node.Slots).OrderBy(static range => range.From))
        {
            if (range.From > next)
            {
                yield return Describe(next, range.From - 1);
            }

            next = Math.Max(next, range.To + 1);
        }

        if (next < Count)
        {
            yield return Describe(next, Count - 1);
        }
    }

    private static string Describe(int from, int to) => from == to ? from.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{from}-{to}");
}
