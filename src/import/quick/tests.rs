use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use super::table;
use crate::import::sheet;
use crate::solve::{Effort, StopReason};

/// The quick reader's table and the careful reader's, where the quick one takes the file.
fn both(bytes: &[u8], most_rows: u64) -> (Option<String>, String) {
    let mut rows_left = most_rows;
    let careful = format!("{:?}", sheet::table("t.csv", bytes, &mut rows_left).map(|table| rows(&table)));
    let quick = table(bytes.to_vec(), most_rows, &Effort::unlimited()).expect("nothing stops it");
    let quick = match quick {
        Ok(table) => {
            assert_eq!(table.len() as u64, most_rows - rows_left, "as many rows are taken off");
            Some(format!("{:?}", Ok::<_, Vec<crate::domain::Problem>>(rows(&table))))
        }
        Err(back) => {
            assert_eq!(back, bytes, "the file comes back as it was");
            None
        }
    };
    (quick, careful)
}

fn rows(table: &crate::domain::Table) -> (Vec<String>, Vec<(u64, Vec<String>)>) {
    let row = |at: usize| (table.row_number(at), table.cells(at).map(str::to_owned).collect());
    (table.header().to_vec(), (0..table.len()).map(row).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_read_quickly_is_what_is_read_carefully(
        head in select(vec!["a,b\n", "a,b\r\n", "\u{feff}a,b\n", "a,,b\n", "a,b,\n", "a,a\n", "a\n", " a , b \n", "\na,b\n", "a,\"b\"\n", ""]),
        body in vec(select(vec![",", ",", "\n", "\n", "\r\n", "\r", "x", "yy", " ", "\t", "\"", "\0", "é", "1,2\n", "1,2,3\n"]), 0..24),
        most_rows in select(vec![0_u64, 1, 2, 100]),
    ) {
        let text = [head, &body.concat()].concat();
        let (quick, careful) = both(text.as_bytes(), most_rows);
        if let Some(quick) = quick {
            prop_assert_eq!(quick, careful);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_not_taken(at in 0_usize..8) {
        let mut bytes = b"a,b\n1,2\n3,4\n".to_vec();
        bytes[4 + at] = 0xE9;
        prop_assert!(both(&bytes, 10).0.is_none());
    }
}

#[test]
fn a_plain_file_is_taken() {
    for plain in ["a,b\n1,2\n", "\u{feff}a,b\r\n1,2\r\n\r\n,\r\n3,4", "a,b,\n1,2,\n", "a,b\n", "a,b"] {
        let (quick, careful) = both(plain.as_bytes(), 10);
        assert_eq!(quick, Some(careful), "{plain:?}");
    }
}

#[test]
fn pieces_and_threads_change_nothing() {
    let mut text = String::from("need,holder\n");
    for row in 0..400_000_u32 {
        // Blank lines and lines of other lengths, so that pieces begin at different places.
        let blank = if row % 1000 == 7 { "\n" } else { "" };
        text += &format!("{blank}n{row},h{}\n", u64::from(row) * u64::from(row) % 1_000_003);
    }
    assert!(3 * super::PIECE < text.len());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let (alone, careful) = both(text.as_bytes(), 1_000_000);
    assert_eq!(alone, Some(careful));
    let together = table(text.clone().into_bytes(), 1_000_000, &Effort::unlimited().on(&pool)).unwrap().unwrap();
    assert_eq!(alone, Some(format!("{:?}", Ok::<_, Vec<crate::domain::Problem>>(rows(&together)))));
    let stopped = table(text.into_bytes(), 1_000_000, &Effort::unlimited().at_most(100_000));
    assert_eq!(stopped.map(|_| ()), Err(StopReason::TickLimit));
}
