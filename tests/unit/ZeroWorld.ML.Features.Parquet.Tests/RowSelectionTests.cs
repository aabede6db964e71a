namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class RowSelectionTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(1 << 20)]
    public void Find_OfRowsThatSeveralThreadsAdded_IsTheirPlaceInOrder(int threads)
    {
        const int Rows = 40_000;
        var random = new Random(threads);
        long[][] added = [.. Enumerable.Range(0, 8).Select(_ => Enumerable.Range(0, 3_000).Select(_ => random.NextInt64(Rows)).ToArray())];
        var selection = new RowSelection(Rows, threads);
        Parallel.ForEach(added, rows =>
        {
            var marks = selection.TakeMarks();
            foreach (var row in rows)
            {
                selection.Add(marks, row, isOne: true);
                selection.Add(marks, -1, isOne: false);
                selection.Add(marks, Rows - 1 - row, isOne: false);
            }

            selection.GiveBack(marks);
        });

        selection.Complete();

        long[] all = [.. added.SelectMany(static rows => rows).Distinct().Order()];
        Assert.Equal(all.Length, selection.Count);
        Assert.All(all.Index(), item => Assert.Equal(item.Index, selection.Find(item.Item)));
        Assert.Equal(-1, selection.Find(Enumerable.Range(0, Rows).First(row => Array.BinarySearch(all, row) < 0)));
    }

    [Fact]
    public void Add_OfATableWithoutRows_LeavesNone()
    {
        var selection = new RowSelection(0, 2);
        var marks = selection.TakeMarks();
        selection.Add(marks, -1, isOne: false);
        selection.GiveBack(marks);

        selection.Complete();

        Assert.Equal(0, selection.Count);
    }
}
