namespace ZeroWorld.ML.Serving.Tests;

public sealed class InputArenaTests
{
    [Fact]
    public void Take_AnyOrderOfReturns_GivesNoPlaceTwice()
    {
        var random = new Random(9);
        var arena = new InputArena(2);
        var held = new List<(InputPlace[] Places, byte Mark)>();
        for (var round = 0; round < 20_000; round++)
        {
            var mark = (byte)random.Next(256);
            var places = new InputPlace[2];
            arena.Take([random.Next(0, 9000), random.Next(0, 70_000)], places);
            Array.ForEach(places, place => place.Span.Fill(mark));
            held.Add((places, mark));
            while (held.Count > random.Next(1, 60))
            {
                var index = random.Next(held.Count);
                Assert.All(held[index].Places, place => Assert.Equal(-1, place.Span.IndexOfAnyExcept(held[index].Mark)));
                Array.ForEach(held[index].Places, static place => place.Return());
                held.RemoveAt(index);
            }
        }
    }

    [Fact]
    public void Take_OneAfterAnother_LieOneAfterAnother()
    {
        var arena = new InputArena(1);
        var places = new InputPlace[1];
        arena.Take([64], places);
        var first = places[0];
        arena.Take([128], places);

        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(first.Memory, out var before));
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(places[0].Memory, out var after));
        Assert.Same(before.Array, after.Array);
        Assert.Equal(before.Offset + 64, after.Offset);
    }
}
