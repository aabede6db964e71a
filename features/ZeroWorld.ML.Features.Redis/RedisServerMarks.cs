using System.Globalization;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Marks on each server of the store, by which is told what a server has lost that was started again.</summary>
internal sealed class RedisServerMarks(IDatabase database, StorageField field)
{
    /// <param name="isCluster">Whether keys are spread over servers.</param>
    public async Task<IReadOnlyList<StoreServer>> ReadServersAsync(bool isCluster)
    {
        var places = isCluster ? await FindPlacesAsync().ConfigureAwait(false) : [0];
        var answers = await Task.WhenAll(places.Select(place => EvaluateAsync(place, "", [], 0, null))).ConfigureAwait(false);
        return [.. places.Zip(answers, static (place, answer) => new StoreServer(place, answer.Run))];
    }

    /// <inheritdoc cref="IMaterializationLedger.TryMarkAsync"/>
    public async Task<bool> TryMarkAsync(IReadOnlyList<StoreServer> servers, IReadOnlyCollection<int> partitions, long mark, long validUntil)
    {
        var answers = await Task.WhenAll(servers.Select(server => EvaluateAsync(server.Place, server.Run, partitions, mark, validUntil))).ConfigureAwait(false);
        foreach (var answer in answers)
        {
            RedisScripts.ThrowIfExpired(answer.Status, field);
        }

        return answers.All(static answer => answer.Status == 1);
    }

    /// <inheritdoc cref="IMaterializationLedger.ReadMarksAsync"/>
    public async Task<IReadOnlyList<long>> ReadMarksAsync(IReadOnlyList<int> places)
    {
        var fields = Enumerable.Range(0, MaterializationLedger.PartitionCount).Select(partition => (RedisValue)FieldOf(partition)).ToArray();
        var marks = await Task.WhenAll(places.Select(place => database.HashGetAsync(RedisKeys.Marks(field.View.Project, place), fields))).ConfigureAwait(false);
        return [.. Enumerable.Range(0, fields.Length).Select(partition => marks.Select(mark => Parse(mark[partition])).DefaultIfEmpty(long.MaxValue).Min())];
    }

    // What no build wrote counts as none: the partition is brought again.
    private static long Parse(RedisValue mark) =>
        long.TryParse((string?)mark, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : long.MinValue;

    private string FieldOf(int partition) => string.Create(CultureInfo.InvariantCulture, $"{field.Name}/{partition}");

    /// <summary>Of each server that owns slots the first number whose key is on one of them.</summary>
    private async Task<IReadOnlyList<int>> FindPlacesAsync()
    {
        var server = database.Multiplexer.GetServers().FirstOrDefault(static server => server.IsConnected)
            ?? throw new FeatureException(FeatureError.StoreUnavailable, "No server of the online store's cluster is connected.");
        var configuration = await server.ClusterNodesAsync().ConfigureAwait(false)
            ?? throw new FeatureException(FeatureError.StoreUnavailable, $"The server of the online store at {RedisConnection.Format(server.EndPoint)} does not tell the nodes of its cluster.");
        return [.. configuration.Nodes.Where(static node => node is { IsReplica: false, Slots.Count: > 0 }).Select(FindPlace).Order()];
    }

    private int FindPlace(ClusterNode node)
    {
        for (var place = 0; ; place++)
        {
            var slot = database.Multiplexer.HashSlot(RedisKeys.Marks(field.View.Project, place));
            if (node.Slots.Any(range => range.From <= slot && slot <= range.To))
            {
                return place;
            }
        }
    }

    private async Task<(int Status, string Run)> EvaluateAsync(int place, string run, IReadOnlyCollection<int> partitions, long mark, long? validUntil)
    {
        var answer = (RedisResult[])(await RedisScripts.MarkPartitions.EvaluateAsync(
            database,
            [RedisKeys.Marks(field.View.Project, place)],
            [run, validUntil ?? RedisValue.EmptyString, mark, .. partitions.Select(partition => (RedisValue)FieldOf(partition))]).ConfigureAwait(false))!;
        return ((int)answer[0], (string)answer[1]!);
    }
}
